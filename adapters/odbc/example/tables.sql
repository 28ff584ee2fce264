-- SPDX-License-Identifier: Apache-2.0
-- A stand-in for what a police records system's reporting replica holds, to try the example on. Everybody in it is made up.
-- On a real replica these tables are there already, under other names: views.sql is what you adapt.
CREATE SCHEMA rms;
CREATE TABLE rms.nominal (
    nominal_no bigint PRIMARY KEY, forename text, surname text, dob date, restricted boolean NOT NULL DEFAULT false);
CREATE TABLE rms.location (
    location_no bigint PRIMARY KEY, premises text, postcode text);
CREATE TABLE rms.nominal_location (
    nominal_no bigint REFERENCES rms.nominal, location_no bigint REFERENCES rms.location, valid_from date, valid_to date);
CREATE TABLE rms.occurrence (
    occurrence_no text PRIMARY KEY, occurrence_type text NOT NULL, reported_at timestamptz NOT NULL, location_no bigint REFERENCES rms.location,
    closed_as text);
CREATE TABLE rms.occurrence_nominal (
    occurrence_no text REFERENCES rms.occurrence, nominal_no bigint REFERENCES rms.nominal, role text);
CREATE TABLE rms.order_made (
    nominal_no bigint REFERENCES rms.nominal, order_type text, made_on date NOT NULL, ended_on date);
CREATE TABLE rms.case_team (
    nominal_no bigint REFERENCES rms.nominal, team text, officer text, desk text, opened_on date NOT NULL, closed_on date);
CREATE TABLE rms.replica_clock (replayed_at timestamptz NOT NULL);

INSERT INTO rms.nominal VALUES
    (50101, 'Tess', 'Amory', '1990-03-04', false), (50102, 'Luke', 'Corran', '2012-05-06', false),
    (50103, 'Mo', 'Hidden', '1985-07-08', true), (50104, 'Ada', 'Gilby', '1999-12-31', false);
INSERT INTO rms.location VALUES (7001, '8 Phantom Road, Marlham', 'ZZ7 8ZD'), (7002, '41 Sample Street, Marlham', 'ZZ7 9ZB'), (7003, 'No fixed address', NULL);
INSERT INTO rms.nominal_location VALUES
    (50101, 7001, '2015-05-01', NULL), (50102, 7001, '2015-05-01', NULL), (50103, 7001, '2015-05-01', NULL), (50104, 7003, '2021-01-01', NULL);
INSERT INTO rms.occurrence VALUES
    ('MM/2022/0815', 'DOMESTIC', '2022-05-20 23:40:00+01', 7001, NULL), ('MM/2020/0099', 'DOMESTIC', '2020-02-02 10:00:00+00', 7002, NULL),
    ('MM/2022/0900', 'DOMESTIC', '2022-05-25 09:00:00+01', 7002, 'CREATED IN ERROR');
INSERT INTO rms.occurrence_nominal VALUES ('MM/2022/0815', 50101, 'VICTIM'), ('MM/2022/0815', 50103, 'SUSPECT'), ('MM/2022/0900', 50104, 'VICTIM');
INSERT INTO rms.order_made VALUES (50101, 'ASBO', '2021-03-01', '2022-03-01'), (50104, 'ASBO', '2022-02-01', NULL);
INSERT INTO rms.case_team VALUES (50101, 'Domestic abuse unit', 'DC 4411', 'Domestic abuse desk, 01632 960044', '2022-05-21', NULL);
INSERT INTO rms.replica_clock VALUES ('2022-06-01 03:00:00+01');
