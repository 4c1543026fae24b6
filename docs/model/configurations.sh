# shellcheck shell=bash disable=SC2154
# Sourced by deploy/ci/model.sh: which worlds are checked, what must be reachable, which bugs are planted.

world='-DCAPACITY=3 -DSTEP=2 -DUNKNOWNS=1' # a block of two and a short one
sure='-DCAPACITY=3 -DSTEP=2 -DUNKNOWNS=0 -DLATE=0 -DROWS=2'
one="$world -DLATE=0 -DROWS=2"
# the coordinator loses commits, once; its clock may be behind
behind='-DCAPACITY=2 -DSTEP=2 -DLOSS=1 -DROWS=3 -DCLOCK_BEHIND'
lost="$behind -DUNKNOWNS=0 -DLATE=0"

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
  holds lost-commits "$guarded" "-DALL_SAFETY $behind -DUNKNOWNS=1 -DLATE=0"
  holds lost-three-numbers "$guarded" "-DALL_SAFETY ${lost/CAPACITY=2/CAPACITY=3}"
  holds lost-clocks-together "$guarded" "-DALL_SAFETY ${lost/-DCLOCK_BEHIND/}"
  holds lost-late-acquires "$guarded" "-DALL_SAFETY $behind -DUNKNOWNS=0 -DLATE_CALLS=2"
  holds lost-late-commits "$guarded" "-DALL_SAFETY $behind -DUNKNOWNS=1 -DLATE_CALLS=4"
  holds lost-late-read-backs "$guarded" "-DALL_SAFETY $behind -DUNKNOWNS=1 -DLATE_CALLS=8"
  holds lost-late-releases "$guarded" "-DALL_SAFETY $behind -DUNKNOWNS=0 -DLATE_CALLS=16"
  holds lost-commit-ahead "$guarded" "-DALL_SAFETY $lost -DAHEAD=1"
fi

say 'what the model can do: each claim that it cannot is refuted'
four='-DCAPACITY=4 -DSTEP=3 -DUNKNOWNS=1'
found LAST_NUMBER 'reached' "-DREACH_LAST_NUMBER $four -DLATE=0 -DROWS=2" 40
found EXPIRED_STOCK 'reached' "-DREACH_EXPIRED_STOCK $four -DLATE=0 -DROWS=2" 40
found CARVED 'reached' "-DREACH_CARVED $lost" 40

say 'what it does not promise'
found FALSE_OVERLAP 'no overlap' "-DCHECK_NO_OVERLAP $lost" 60
found TWO_JOURNALS once "-DCHECK_ONCE $lost -DONE_NODE=1" 40

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
bug CLOCK_BEHIND once "-DCHECK_ONCE $lost -DNO_LAPSE" 40
bug REPEAT_COUNTS_ANEW once "-DCHECK_ONCE $lost" 60
bug LATE_DONE_COUNTS once "-DCHECK_ONCE $behind -DUNKNOWNS=1 -DLATE_CALLS=4" 40
bug RELEASE_REVIVES_STOCK once "-DCHECK_ONCE $lost -DAHEAD=1" 40
bug OVERLAP_COMES_BACK once "-DCHECK_ONCE $lost -DAHEAD=1" 40
