# shellcheck shell=bash disable=SC2154
# Sourced by deploy/ci/model.sh: which worlds are checked, what must be reachable, which bugs are planted.

world='-DCAPACITY=3 -DSTEP=2 -DUNKNOWNS=1' # a block of two and a short one
sure='-DCAPACITY=3 -DSTEP=2 -DUNKNOWNS=0 -DLATE=0 -DROWS=2'
one="$world -DLATE=0 -DROWS=2"
lost='-DCAPACITY=2 -DSTEP=2 -DUNKNOWNS=0 -DLOSS=1 -DLATE=0 -DROWS=3'

holds faults "$safety" "-DALL_SAFETY $one"
holds late-commits "$safety" "-DALL_SAFETY $world -DLATE_CALLS=4"
holds progress "$progress" "-DLIVENESS $sure"
if [ "$size" = full ]; then
  holds four-numbers "$safety" '-DALL_SAFETY -DCAPACITY=4 -DSTEP=3 -DUNKNOWNS=1 -DLATE=0 -DROWS=2'
  holds late-acquires "$safety" "-DALL_SAFETY $world -DLATE_CALLS=2"
  holds late-read-backs "$safety" "-DALL_SAFETY $world -DLATE_CALLS=8"
  holds late-releases "$safety" "-DALL_SAFETY $world -DLATE_CALLS=16"
  holds commit-ahead "$safety" "-DALL_SAFETY $one -DAHEAD=1"
  holds one-node "$safety" "-DALL_SAFETY $one -DONE_NODE=1"
  holds progress-unknown "$progress" "-DLIVENESS $one"
  holds lost-commits "$guarded" "-DALL_SAFETY $lost"
fi

say 'what the model can do: each claim that it cannot is refuted'
four='-DCAPACITY=4 -DSTEP=3 -DUNKNOWNS=1'
found LAST_NUMBER 'reached' "-DREACH_LAST_NUMBER $four -DLATE=0 -DROWS=2" 40
found EXPIRED_STOCK 'reached' "-DREACH_EXPIRED_STOCK $four -DLATE=0 -DROWS=2" 40
found CARVED 'reached' "-DREACH_CARVED $lost" 40

say 'planted bugs'
# bug NAME PROPERTY MACROS [DEPTH]
bug() { found "$1" "$2" "-D$1 $3" "${4:-30}"; }
bug EXPIRY_FREES_COMMITTED once "-DCHECK_ONCE $four -DLATE=0 -DROWS=2"
bug RELEASE_NOT_CLOSED partition "-DCHECK_PARTITION $four -DLATE=0 -DROWS=2"
bug COMMIT_WITHOUT_TOKEN once "-DCHECK_ONCE $four"
bug LAST_SHORT_BLOCK once "-DCHECK_ONCE $four -DLATE=0 -DROWS=2"
bug LATE_RELEASE_AFTER_REGRANT once "-DCHECK_ONCE $four"
bug READ_BACK_WITHOUT_FENCE answers "-DCHECK_ANSWERS $four"
bug READ_BACK_COUNTS_UP answers "-DCHECK_ANSWERS $four"
bug RENEWAL_REVIVES partition "-DCHECK_PARTITION $four -DLATE=0 -DROWS=2"
bug NO_GUARD once "-DCHECK_ONCE $lost"
bug REPORT_IGNORES_UNANSWERED once "-DCHECK_ONCE $lost" 45
bug RECALL_LOST progress "-DLIVENESS $one" 1000
bug CLOCK_BEHIND once "-DCHECK_ONCE $lost" 40
