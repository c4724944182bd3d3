"""ROWNUM: Oracle numbers the rows as it finds them, before it sorts and groups them."""

from sqlglot import exp

CLAUSES = ("from_", "from", "joins", "where", "with_", "with")


def apply_rownum(tree: exp.Expr) -> None:
    """`WHERE ROWNUM <= n` takes n rows first; what sorts, groups or counts works on those. `ROWNUM` as a column is the
    number of the row."""
    for select in list(tree.find_all(exp.Select)):
        bound = _take_bound(select)
        _number_columns(select)
        if bound is not None:
            _limit_first(select, bound=bound)


def _take_bound(select: exp.Select) -> int | None:
    where = select.args.get("where")
    bounds: list[int] = []
    for column in list(where.find_all(exp.Column)) if where else []:
        test = column.parent
        is_own = column.find_ancestor(exp.Select) is select
        if column.name.upper() == "ROWNUM" and is_own and isinstance(test, (exp.LTE, exp.LT, exp.EQ)):
            number = test.expression.name
            bounds.append((int(number) if number.isdigit() else 0) - (1 if isinstance(test, exp.LT) else 0))
            test.replace(exp.true())
    return min(bounds) if bounds else None


def _number_columns(select: exp.Select) -> None:
    for column in [one for shown in select.expressions for one in shown.find_all(exp.Column)]:
        if column.name.upper() == "ROWNUM" and column.find_ancestor(exp.Select) is select:
            number = exp.Window(this=exp.RowNumber())
            column.replace(exp.alias_(number, "rownum") if column.parent is select else number)


def _limit_first(select: exp.Select, *, bound: int) -> None:
    sorts = any(select.args.get(name) for name in ("order", "group", "having", "distinct"))
    counts = any(isinstance(one, exp.AggFunc) for shown in select.expressions for one in shown.walk())
    if not sorts and not counts:
        select.limit(bound, copy=False)
        return
    found = select.args.get("from_") or select.args.get("from")
    if found is None:
        return
    joins = select.args.get("joins") or []
    columns = [] if not joins else _used_columns(select)
    first = exp.Select(expressions=[exp.Star()] if not joins else list(columns))
    for name in CLAUSES:
        if select.args.get(name) is not None and not name.startswith("with"):
            first.set(name, select.args[name].copy() if name != "joins" else [one.copy() for one in joins])
            select.set(name, None)
    alias = found.this.alias_or_name if not joins else "found"
    first = first.limit(bound, copy=False)
    select.from_(first.subquery(exp.to_identifier(alias, quoted=True)), copy=False)


def _used_columns(select: exp.Select) -> list[exp.Expr]:
    """Every column the outer part uses, under a name of its own; the outer part is made to use those names."""
    inner: dict[str, exp.Expr] = {}
    clauses = [select.args.get(name) for name in ("order", "group", "having")]
    for part in [*select.expressions, *(one for one in clauses if one)]:
        for column in list(part.find_all(exp.Column)):
            if isinstance(column.this, exp.Star) or column.find_ancestor(exp.Select) is not select:
                continue
            name = f"{column.table}__{column.name}".lower()
            inner.setdefault(name, exp.alias_(column.copy(), name))
            renamed = exp.column(name)
            column.replace(exp.alias_(renamed, column.name) if column.parent is select else renamed)
    return list(inner.values())
