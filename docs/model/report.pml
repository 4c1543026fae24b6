  /* Part of node.pml: what a process does when the coordinator went back. */

  /* The renewal says that its boot is not known: Allocator.wasForgotten. Then it registers again. */
  :: d_step { proc[me].up && (now_.boots & (1 << me)) == 0 ->
    end_call(me); forget_lease(me);
    drop_late_acquires(me);
    register_boot(me);
    register_then(me);
    check_ledger(); tidy() }

  /* It saw another timeline and reports: Allocator.report, serial.report_holdings. */
  :: d_step { proc[me].up && IS_BEHIND(me) && (now_.boots & (1 << me)) != 0 ->
    report_holdings(me);
    behind = behind & ~(1 << me);
    drop_journal(me);
#ifndef REPORT_IGNORES_UNANSWERED
    /* What the earlier coordinator said of a commit counts no more: the read-back asks this one. */
    if
    :: proc[me].call == COMMIT || proc[me].call == READ_BACK ->
      j_ = proc[me].call; end_call(me); give_up(me, j_)
    :: else
    fi;
#endif
    check_ledger(); tidy() }
