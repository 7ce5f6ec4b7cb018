#!/bin/sh
# planted.sh -- do the tests take in a backend that somebody adds to the list?
#
# With planted/sweep_selector.c in the list of selector.c, which is all that was
# done for it, the suites must pass; with one thing wrong in it they must not.
# make planted runs this, as a part of make test, with the folder where the
# suites are.

set -u
unset DEFECT CK_RUN_SUITE CK_RUN_CASE
BACKEND=sweep
CK_VERBOSITY=normal
CK_TIMEOUT_MULTIPLIER=0.05 # what hangs need not hang long
export BACKEND CK_VERBOSITY
folder=$1
. tests/harness/verdict.sh

# has_passed SUITE LEAST: it ran at least so many tests, and all of them passed.
has_passed() {
    "$folder/$1" >"$out" 2>&1 &&
        [ "$(sed -n 's/.*Checks: \([0-9]*\).*/\1/p' "$out")" -ge "$2" ]
}

# finds DEFECT SUITE CASE TEST: it fails, in that test among others.
finds() {
    export CK_TIMEOUT_MULTIPLIER
    DEFECT=$1 CK_RUN_CASE=$3 "$folder/$2" >"$out" 2>&1
    [ $? -eq 1 ] && grep -q ":[FE]:$3:$4:" "$out"
}

check "test_selector does not take it in" has_passed test_selector 80
check "test_fuzz does not take it in" has_passed test_fuzz 1
while read -r defect suite case test; do
    check "$suite does not find \"$defect\"" \
        finds "$defect" "$suite" "$case" "$test"
done <<'END'
read        test_selector  next        a_second_select_drops_what_was_not_handed_out
write       test_selector  register    callback_and_data_may_be_null
early       test_selector  select      no_wait_ends_early
late        test_selector  next        a_second_select_drops_what_was_not_handed_out
unregister  test_selector  unregister  unregister_removes_the_key_and_ends_the_reports
read        test_fuzz      selector    a_selector_does_what_its_model_does
write       test_fuzz      selector    a_selector_does_what_its_model_does
unregister  test_fuzz      selector    a_selector_does_what_its_model_does
END
verdict
