#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_match_evaluate.py BIN SLICE - `almoner match evaluate`: figures on rows whose truth is known, and files and options that it refuses."""
import json
import os
import sys

from commands import Place, expect, main

MATCH, SLICE = os.path.join(os.path.abspath(sys.argv[1]), "almoner-match"), os.path.abspath(sys.argv[2])
HEADER = "rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth, soc_sec_id\n"
ANN = "ann, bell, 3, mill lane, , york, 4011, wa, 19800102, 1234567\n"


def evaluated(place, *args):
    done = place.run(MATCH, "evaluate", *args, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def strict_of(place, rows, *args):
    """Strict decisions of pairs of one person, and of two, of the last pass."""
    told = evaluated(place, place.file("rows.csv", HEADER + rows), *args)["passes"][-1]["strict"]
    return told["one_person"], told["two_people"]


def slice_is_matched_with_no_wrong_match_and_a_recall_as_documented():
    with Place() as p:
        told = evaluated(p, SLICE)
        assert (told["input"]["records"], told["input"]["people"]) == (345, 134)
        for one, recall in zip(told["passes"], ((0.79, 0.84), (0.33, 0.40))):
            strict, broad = one["strict"], one["broad"]
            assert strict["two_people"]["match"] == broad["two_people"]["match"] == 0
            assert strict["precision"]["value"] == 1 and strict["precision"]["low"] > 0.95
            assert recall[0] < strict["recall"]["value"] < recall[1], strict
            for f in (strict["recall"], strict["f"]):
                assert 0 <= f["low"] < f["value"] < f["high"] <= 1
            assert sum(strict["one_person"].values()) + sum(strict["two_people"].values()) == one["pairs"] == 345 * 344 // 2
            assert sum(v for k, v in one["lookups"].items() if k != "copies") == one["lookups"]["copies"] == 345 - 134


def figures_are_the_same_for_the_same_seed():
    with Place() as p:
        a, b, c = (p.run(MATCH, "evaluate", SLICE, "--json", "--seed", s).stdout for s in ("7", "7", "8"))
        assert a == b != c


def a_table_says_the_same_in_words():
    with Place() as p:
        expect(p.run(MATCH, "match", "evaluate", SLICE), 0, "With the identifier", "Without the identifier", "with identifier     strict   1.00000 (", "seed 1",
               "wrong-match 0", "found by their number alone")


def one_person_written_two_ways_is_a_match():
    with Place() as p:
        one, two = strict_of(p, "rec-1-org, " + ANN + 'rec-1-dup-0, Ann, "B\'ell", 3, Mill Ln, , , 4011, , 1980-01-02, 7654321\n', "--pass", "without")
        assert (one["match"], sum(two.values())) == (1, 0)


def a_number_that_differs_is_a_conflict_and_no_match():
    with Place() as p:
        one, _ = strict_of(p, "rec-1-org, " + ANN + "rec-1-dup-0, " + ANN.replace("1234567", "1234568"), "--pass", "with")
        assert (one["conflict"], one["match"]) == (1, 0)


def twins_are_two_people():
    with Place() as p:
        _, two = strict_of(p, "rec-1-org, " + ANN + "rec-2-org, " + ANN.replace("ann", "tom").replace("1234567", "7654321"))
        assert two == {"none": 1, "possible": 0, "conflict": 0, "match": 0}, two


def two_people_of_one_name_birth_date_and_postcode_are_counted_as_wrong():
    with Place() as p:
        told = evaluated(p, p.file("a.csv", HEADER + "rec-1-org, " + ANN + "rec-2-org, " + ANN), "--pass", "without")["passes"][0]
        assert told["strict"]["two_people"]["match"] == 1 and told["strict"]["precision"]["value"] == 0
        assert told["strict"]["recall"]["value"] is None


def a_copy_of_two_originals_is_many():
    with Place() as p:
        rows = "rec-1-org, " + ANN + "rec-2-org, " + ANN + "rec-1-dup-0, " + ANN
        told = evaluated(p, p.file("a.csv", HEADER + rows), "--pass", "without")["passes"][0]
        assert told["lookups"]["many"] == 1 and told["lookups"]["match"] == 0


def rows_that_an_adapter_refuses_are_counted_and_missed():
    with Place() as p:
        rows = "rec-1-org, " + ANN + "rec-1-dup-0, " + ANN.replace("ann", "") + "rec-1-dup-1, " + ANN.replace("19800102", "19801302")
        told = evaluated(p, p.file("a.csv", HEADER + rows), "--pass", "without")["passes"][0]
        assert (told["refused"]["name"], told["refused"]["date_of_birth"], told["number_alone"]) == (1, 1, 0)
        assert told["strict"]["one_person"]["none"] == 3 and told["strict"]["recall"]["value"] == 0
        assert told["lookups"]["not-asked"] == 2


def row_without_a_name_is_found_by_its_number_and_nobody_asks_with_it():
    with Place() as p:
        nameless = ANN.replace("ann", "")
        told = evaluated(p, p.file("a.csv", HEADER + "rec-1-org, " + nameless + "rec-1-dup-0, " + ANN + "rec-1-dup-1, " + nameless), "--pass", "with")
        one = told["passes"][0]
        assert one["number_alone"] == 2 and one["refused"]["name"] == 0
        assert one["strict"]["one_person"] == {"none": 1, "possible": 0, "conflict": 0, "match": 2}  # neither of the two nameless can ask
        assert (one["lookups"]["match"], one["lookups"]["not-asked"]) == (1, 1)


def what_people_write_otherwise_is_one_person():
    with Place() as p:
        for change in (("ann, bell", "bell, ann"), ("bell", "belle"), ("mill lane", "mill ln"), ("4011", "4012"), ("3, mill lane", "3, old mill lane"),
                       ("19800102", "19800201"), ("ann, bell", "ann, smith")):
            one, _ = strict_of(p, "rec-1-org, " + ANN + "rec-1-dup-0, " + ANN.replace(*change), "--pass", "without")
            assert one["match"] == 1, change
        kate = ANN.replace("ann", "kate")
        one, _ = strict_of(p, "rec-1-org, " + kate + "rec-1-dup-0, " + kate.replace("kate", "catherine"), "--pass", "without")
        assert one["match"] == 1


def people_of_one_family_are_not_taken_for_each_other():
    with Place() as p:
        for change, least in ((("ann", "tom"), "none"), (("ann", "anna"), "possible"), (("19800102", "20100102"), "possible"), (("ann", "ann rose"), "possible")):
            _, two = strict_of(p, "rec-1-org, " + ANN + "rec-2-org, " + ANN.replace(*change), "--pass", "without")
            assert two["match"] == 0 and two[least] == 1, (change, two)


def families_are_told_apart():
    """tests/data/families: twins, a parent and child of one name, namesakes, adoption and others; test_families.c has each pair."""
    folder = os.path.join(os.path.dirname(SLICE), "..", "families", "people.csv")
    same = ("record", "given_name", "family_name", "house", "street", "identifier")
    columns = [word for name in same for word in ("--column", f"{name}={name}")]
    with Place() as p:
        numbered, bare = evaluated(p, folder, "--postcode", "uk", "--identifier", "nhs", *columns)["passes"]
        assert numbered["strict"]["two_people"]["match"] == 0 and numbered["lookups"]["wrong-match"] == 0, numbered
        assert numbered["strict"]["one_person"] == {"none": 0, "possible": 3, "conflict": 1, "match": 14}, numbered
        assert bare["strict"]["two_people"]["match"] == 1  # a step-parent's adoption, in which nothing but the family name is new


def what_a_kind_of_token_is_good_for_is_seen_without_it():
    with Place() as p:
        rows = "rec-1-org, " + ANN + "rec-1-dup-0, " + ANN.replace("bell", "belle")
        assert strict_of(p, rows, "--pass", "without")[0]["match"] == 1
        assert strict_of(p, rows, "--pass", "without", "--leave-out", "given-dob")[0]["match"] == 0
        told = evaluated(p, p.file("rows.csv", HEADER + rows), "--leave-out", "given-dob,dob-home")
        assert told["input"]["left_out"] == "given-dob,dob-home" and told["passes"][0]["kinds"]["dob-home"]["agrees_one_person"] == 0


def several_files_are_measured_one_after_another():
    with Place() as p:
        done = p.run(MATCH, "evaluate", SLICE, p.file("a.csv", HEADER + "rec-1-org, " + ANN), "--json")
        told = [json.loads(line) for line in done.stdout.splitlines()]
        assert [t["input"]["records"] for t in told] == [345, 1] and done.returncode == 0
        expect(p.run(MATCH, "evaluate", SLICE, "gone.csv"), 66, "gone.csv")


def british_forms_are_held_to_the_products_check():
    with Place() as p:
        file = p.file("a.csv", HEADER + "rec-1-org, " + ANN + "rec-1-dup-0, " + ANN)
        told = evaluated(p, file, "--postcode", "uk", "--identifier", "nhs")
        assert (told["input"]["no_postcode"], told["input"]["no_identifier"]) == (2, 2)
        assert all(one["strict"]["one_person"]["possible"] == 1 for one in told["passes"])
        file = p.file("b.csv", HEADER + ("rec-1-org, " + ANN + "rec-1-dup-0, " + ANN).replace("4011", "zz7 8za").replace("1234567", "943 476 5919"))
        told = evaluated(p, file, "--postcode", "uk", "--identifier", "nhs")
        assert (told["input"]["no_postcode"], told["input"]["no_identifier"]) == (0, 0)
        told = evaluated(p, file)
        assert (told["input"]["no_postcode"], told["input"]["no_identifier"]) == (2, 2)


def columns_may_be_called_otherwise():
    with Place() as p:
        file = p.file("a.csv", HEADER.replace("surname", "last").replace("soc_sec_id", "nino") + "rec-1-org, " + ANN)
        assert evaluated(p, file, "--column", "family_name=last", "--column", "identifier=nino")["input"]["no_identifier"] == 0
        assert evaluated(p, file, "--column", "family_name=last")["input"]["no_identifier"] == 1
        expect(p.run(MATCH, "evaluate", file), 65, "a.csv:1:", "surname", "--column NAME=HEADER")
        expect(p.run(MATCH, "evaluate", file, "--column", "family_name=last", "--column", "identifier=gone"), 65, "a.csv:1:", "gone")


def bad_rows_are_told_with_their_line_and_without_the_value():
    with Place() as p:
        for label in ("rec-1", "1", "", "rec--org", "rec-x-org", "rec-1-dup-", "rec-1-dup-x", "rec-1-orgs", "rec-1-dup-0-1", "rec-" + "1" * 30 + "-org"):
            said = expect(p.run(MATCH, "evaluate", p.file("a.csv", HEADER + "rec-9-org, " + ANN + label + ", " + ANN)), 65, "a.csv:3:")
            assert "bell" not in said and "1234567" not in said
        expect(p.run(MATCH, "evaluate", p.file("a.csv", HEADER + ("rec-9-org, " + ANN) * 2)), 65, "a.csv:3:", "already")


def files_that_are_not_csv_are_refused_with_their_line():
    with Place() as p:
        good = HEADER + "rec-9-org, " + ANN
        for text, line in ((good + "rec-8-org, a\n", 3), (good + "rec-8-org, a\0b" + ANN, 3), (good.encode() + b"rec-8-org, \xff\n", 3),
                           (good + 'rec-8-org, "a"b, ' + ANN, 3), (good + '"rec-8-org, ', 3), ("", 1), (HEADER, 1), (good.replace("surname", "given_name"), 1)):
            expect(p.run(MATCH, "evaluate", p.file("a.csv", text)), 65, f"a.csv:{line}:")


def files_that_are_not_there_are_told_so():
    with Place() as p:
        expect(p.run(MATCH, "evaluate", "gone.csv"), 66, "gone.csv: there is no such file")
        expect(p.run(MATCH, "evaluate", p.path), 65, "cannot be read")


def options_that_make_no_sense_are_refused():
    with Place() as p:
        for words in ((), ("evaluate",), ("measure", SLICE), ("evaluate", SLICE, "--scale", "0"), ("evaluate", "--scale", "x"),
                      ("evaluate", "--scale", "-5"), ("evaluate", "--scale", "99999999999"), ("evaluate", SLICE, "--samples", "0"),
                      ("evaluate", SLICE, "--seed", "1x"), ("evaluate", SLICE, "--seed", ""), ("evaluate", "--scale", "5", "--lookups", "1"),
                      ("evaluate", SLICE, "--postcode", "fr"), ("evaluate", SLICE, "--identifier", "uk"), ("evaluate", SLICE, "--pass", "twice"),
                      ("evaluate", SLICE, "--leave-out", ""), ("evaluate", SLICE, "--leave-out", "nhs,"), ("evaluate", SLICE, "--leave-out", "home"),
                      ("evaluate", SLICE, "--leave-out", "nicknames"),
                      ("evaluate", SLICE, "--column", "surname"), ("evaluate", SLICE, "--column", "age=x"), ("evaluate", SLICE, "--column", "house="),
                      ("evaluate", SLICE, "--nonsense"), ("evaluate", SLICE, "--seed")):
            expect(p.run(MATCH, *words), 64)


def output_that_cannot_be_written_is_an_error():
    with Place() as p:
        for form in ([], ["--json"]):
            expect(p.run("/bin/sh", "-c", 'exec "$@" >/dev/full', "sh", MATCH, "evaluate", SLICE, *form), 74)


def an_index_of_generated_people_finds_each_and_nobody_else():
    with Place() as p:
        told = evaluated(p, "--scale", "3000", "--lookups", "1000")
        assert "passes" not in told
        scale = told["scale"]
        assert (scale["people"], scale["homes"], scale["one"], scale["unknown"], scale["wrong"]) == (3000, 1000, 500, 500, 0)
        assert scale["people_per_s"] > 0 and 0 < scale["lookup_median_us"] <= scale["lookup_p99_us"] <= scale["lookup_longest_us"]
        expect(p.run(MATCH, "evaluate", "--scale", "1", "--lookups", "2"), 0, "Index of 1 generated people")


def it_helps():
    with Place() as p:
        expect(p.run(MATCH, "match", "--help"), 0, "usage: almoner match evaluate FILE.csv")


if __name__ == "__main__":
    main([slice_is_matched_with_no_wrong_match_and_a_recall_as_documented, figures_are_the_same_for_the_same_seed, a_table_says_the_same_in_words,
          one_person_written_two_ways_is_a_match, a_number_that_differs_is_a_conflict_and_no_match, twins_are_two_people,
          two_people_of_one_name_birth_date_and_postcode_are_counted_as_wrong, a_copy_of_two_originals_is_many,
          rows_that_an_adapter_refuses_are_counted_and_missed,
          row_without_a_name_is_found_by_its_number_and_nobody_asks_with_it, what_people_write_otherwise_is_one_person,
          people_of_one_family_are_not_taken_for_each_other, families_are_told_apart, what_a_kind_of_token_is_good_for_is_seen_without_it,
          several_files_are_measured_one_after_another,
          british_forms_are_held_to_the_products_check, columns_may_be_called_otherwise, bad_rows_are_told_with_their_line_and_without_the_value,
          files_that_are_not_csv_are_refused_with_their_line, files_that_are_not_there_are_told_so, options_that_make_no_sense_are_refused,
          output_that_cannot_be_written_is_an_error, an_index_of_generated_people_finds_each_and_nobody_else, it_helps])
