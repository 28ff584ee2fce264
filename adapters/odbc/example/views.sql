-- SPDX-License-Identifier: Apache-2.0
-- What the force lets its adapter see, and who the adapter is. Run once, by the replica's owner; this is the mapping that a force
-- makes its own: the right side names its tables, the left side what adapter.conf asks for.
--
-- Whoever is restricted in the records system is in no view: to other agencies they are "not known", as if there were no such person.
-- What was recorded in error is in none either.
CREATE SCHEMA sharing;

CREATE VIEW sharing.people AS
    SELECT nominal_no, forename, surname, dob FROM rms.nominal
    WHERE NOT restricted AND dob IS NOT NULL AND forename <> '' AND surname <> '';

CREATE VIEW sharing.homes AS
    SELECT location_no, premises, postcode FROM rms.location;

CREATE VIEW sharing.residences AS
    SELECT r.nominal_no, r.location_no, r.valid_from, NULLIF(r.valid_to, DATE '9999-12-31') AS valid_to
    FROM rms.nominal_location r JOIN sharing.people p USING (nominal_no);

-- One row for each occurrence and person in it. The day is the civil day on which it was reported.
CREATE VIEW sharing.incidents AS
    SELECT o.occurrence_no, o.occurrence_type, (o.reported_at AT TIME ZONE 'Europe/London')::date AS reported_on, o.location_no, n.nominal_no
    FROM rms.occurrence o
    LEFT JOIN (rms.occurrence_nominal n JOIN sharing.people p USING (nominal_no)) USING (occurrence_no)
    WHERE o.closed_as IS DISTINCT FROM 'CREATED IN ERROR';

CREATE VIEW sharing.orders AS
    SELECT m.nominal_no, m.order_type, m.made_on, m.ended_on FROM rms.order_made m JOIN sharing.people p USING (nominal_no);

CREATE VIEW sharing.cases AS
    SELECT c.nominal_no, c.team, c.officer, c.desk, c.opened_on, c.closed_on FROM rms.case_team c JOIN sharing.people p USING (nominal_no);

-- Up to when the replica has replayed. On a streaming replica: SELECT pg_last_xact_replay_timestamp() AS replayed_at
CREATE VIEW sharing.clock AS
    SELECT replayed_at FROM rms.replica_clock;

-- The adapter's own login. On a replica that takes no writes, run these on the primary: roles and grants are replicated.
CREATE ROLE almoner LOGIN CONNECTION LIMIT 4;
ALTER ROLE almoner SET default_transaction_read_only = on;
ALTER ROLE almoner SET search_path = sharing;
GRANT USAGE ON SCHEMA sharing TO almoner;
GRANT SELECT ON ALL TABLES IN SCHEMA sharing TO almoner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
-- And its password: \password almoner. Then the same into the file that adapter.conf names, mode 0600.
