#!/usr/bin/env bash
# dvc 3.67.1: a param changed from 1 to 1.0, or to true, is no change: nothing is run again.
#
# Versions: dvc 3.67.1, Python 3.11.
# Expected: another value in params.yaml makes the stages that depend on it run again.
# Instead: the values are compared as Python compares them, 1 == 1.0 == True (and 0 == 0.0 == False). `dvc status` says
# that all is up to date, `dvc params diff` shows nothing, `dvc repro` skips the stage, and dvc.lock keeps the old value.
# Seen:
#   1 -> 1.0   status: up to date, params diff: empty, repro: "didn't change, skipping"; the output still says 1
#   1 -> true  the same
# Why it matters: scikit-learn tells the two apart. max_features=1 is one feature a split and 1.0 is all of them,
# min_df=1 is one row and 1.0 is all rows. The metrics in the repository are then those of another model than the one that
# params.yaml describes, and `dvc status`, run as a check, is content with them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet dvc==3.67.1
export PATH="$work/venv/bin:$PATH" HOME="$work" DVC_NO_ANALYTICS=1
mkdir repo && cd repo
git init --quiet
git config user.name someone && git config user.email someone@example.org
dvc init --quiet
printf 'stages:\n  train:\n    cmd: cp params.yaml model.txt\n    params: [max_features]\n    outs: [model.txt]\n' > dvc.yaml
echo 'max_features: 1' > params.yaml
dvc repro --quiet
git add --all && git commit --quiet --message first
for value in 1.0 true; do
    echo "max_features: $value" > params.yaml
    echo "== 1 -> $value"
    dvc status | tee status.txt
    dvc params diff | tee diff.txt
    dvc repro | tee repro.txt
    echo "model.txt: $(cat model.txt); dvc.lock: $(grep max_features dvc.lock)"
    grep --quiet 'up to date' status.txt
    test ! -s diff.txt
    grep --quiet 'skipping' repro.txt
    test "$(cat model.txt)" = 'max_features: 1'
done
echo 'max_features: 2' > params.yaml
dvc status | tee status.txt
grep --quiet 'modified' status.txt
