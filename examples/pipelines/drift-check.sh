#!/usr/bin/env bash
# Plans, touches nothing, and says by its exit code what it found:
#
#   0  every threshold holds
#   2  one does not, or will not soon (early_renewal), or the configuration was changed
#   1  it cannot be known: the KMS host did not answer, or the configuration is wrong
#
# plan.txt is for people. Run it in the folder of the configuration.
set -euo pipefail

terraform=${TERRAFORM:-terraform} # or tofu

code=0
"$terraform" plan -input=false -no-color -lock-timeout=10m -detailed-exitcode >plan.txt 2>&1 || code=$?
cat plan.txt

case $code in
0) echo "Every threshold holds." ;;
2) echo "An apply is due: plan.txt says why, and about how many restarts it needs." ;;
*) echo "It cannot be known whether the thresholds hold." && code=1 ;;
esac
exit "$code"
