"""History can be added to, never changed: what-if and as-of read it."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION returns_history_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'fact changes are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER fact_changes_append_only BEFORE UPDATE ON returns_factchange
    FOR EACH ROW EXECUTE FUNCTION returns_history_refuse();
"""
BACKWARDS = """
DROP TRIGGER fact_changes_append_only ON returns_factchange;
DROP FUNCTION returns_history_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("returns", "0001_tables")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
