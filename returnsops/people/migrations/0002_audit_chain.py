"""The audit trail keeps itself: each row carries the hash of the one before it, and no row can change or go."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION people_audit_hash(e people_auditevent) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(concat_ws(chr(31),
        e.previous_hash, e.id::text, extract(epoch FROM e.at)::text, coalesce(e.actor_id::text, ''),
        coalesce(e.shop_id::text, ''), e.action, e.object_type, e.object_id,
        coalesce(e.before::text, ''), coalesce(e.after::text, ''), e.reason
    ), 'UTF8')), 'hex')
$$;

CREATE FUNCTION people_audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Held to the end of the transaction: two events never follow the same one.
    PERFORM pg_advisory_xact_lock(hashtext('people_auditevent'));
    NEW.id := nextval(pg_get_serial_sequence('people_auditevent', 'id'));
    SELECT coalesce((SELECT row_hash FROM people_auditevent ORDER BY id DESC LIMIT 1), '') INTO NEW.previous_hash;
    NEW.row_hash := people_audit_hash(NEW);
    RETURN NEW;
END $$;

CREATE FUNCTION people_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER audit_chain BEFORE INSERT ON people_auditevent
    FOR EACH ROW EXECUTE FUNCTION people_audit_chain();
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON people_auditevent
    FOR EACH ROW EXECUTE FUNCTION people_audit_refuse();
"""
BACKWARDS = """
DROP TRIGGER audit_append_only ON people_auditevent;
DROP TRIGGER audit_chain ON people_auditevent;
DROP FUNCTION people_audit_refuse();
DROP FUNCTION people_audit_chain();
DROP FUNCTION people_audit_hash(people_auditevent);
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0001_tables")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
