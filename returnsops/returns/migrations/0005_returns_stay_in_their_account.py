"""A shop with returns stays in its account, and the account keeps its id: records and postings name ids of its books."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION returns_stay_in_their_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM returns_loopreturn AS one JOIN integrations_shop AS shop ON shop.id = one.shop_id
        WHERE OLD.id = CASE TG_TABLE_NAME WHEN 'integrations_shop' THEN shop.id ELSE shop.account_id END
    ) THEN
        RAISE EXCEPTION 'returns stay in the account they were read with'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER shop_stays_in_its_account BEFORE UPDATE ON integrations_shop FOR EACH ROW
    WHEN (OLD.account_id IS DISTINCT FROM NEW.account_id) EXECUTE FUNCTION returns_stay_in_their_account();
CREATE TRIGGER account_keeps_its_id BEFORE UPDATE ON integrations_netsuiteaccount FOR EACH ROW
    WHEN (OLD.account_id IS DISTINCT FROM NEW.account_id) EXECUTE FUNCTION returns_stay_in_their_account();
"""
BACKWARDS = """
DROP TRIGGER account_keeps_its_id ON integrations_netsuiteaccount;
DROP TRIGGER shop_stays_in_its_account ON integrations_shop;
DROP FUNCTION returns_stay_in_their_account();
"""


class Migration(migrations.Migration):
    dependencies = [("integrations", "0003_newest_events"), ("returns", "0004_newest_first")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
