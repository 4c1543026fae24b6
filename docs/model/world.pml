/* The size of the world and everything that a state of it consists of. */

#ifndef CAPACITY
#define CAPACITY 4   /* numbers of the counter, 1...CAPACITY; at most 7 */
#endif
#ifndef STEP
#define STEP 3       /* the longest block; it must not divide CAPACITY, so that the last one is short */
#endif
#ifndef AHEAD
#define AHEAD 0      /* how far a commit may run ahead of what is asked for, 0 or 1 */
#endif
#ifndef LATE
#define LATE 1       /* requests of earlier calls that may still arrive at any time */
#endif
#ifndef LATE_CALLS
#define LATE_CALLS 30  /* which calls those are: the sum of 2 ACQUIRE, 4 COMMIT, 8 READ_BACK, 16 RELEASE */
#endif
#ifndef UNKNOWNS
#define UNKNOWNS 2   /* commits of one lease whose outcome stays unknown, 0...2 */
#endif
#ifndef ROWS
#define ROWS 3       /* rows of leases at one time, 2...4: one for each process and others for what is left */
#endif
#ifndef ONE_NODE
#define ONE_NODE 0   /* 1: both processes are of the same node, so that one supersedes the other */
#endif
#ifndef LOSS
#define LOSS 0       /* 1: the coordinator may lose its latest commits, once */
#endif

/* Sets of numbers are bit masks; number n is bit n - 1. An empty range has b = a - 1. */
#define ALL ((1 << CAPACITY) - 1)
#define BIT(n) (1 << ((n) - 1))
#define RANGE(a, b) (((1 << (b)) - 1) & ~((1 << ((a) - 1)) - 1))

/* States of a row of serial.leases. */
#define NONE 0
#define LIVE 1
#define CLOSED 2     /* expired, superseded or carved */
#define RELEASED 3

typedef Row {
  unsigned state : 2;
  unsigned holder : 1;      /* the process; its boot is implied, since a new one never uses an old id */
  unsigned first : 3;
  unsigned last : 3;
  unsigned through : 3;     /* committed_through, closed_through once it is closed */
  unsigned attempt : 2;
  unsigned recalled : 1;
  unsigned carved : 1
}

/* What the coordinator's disk holds. The token of a lease is its id. */
typedef Ledger {
  unsigned free : CAPACITY;
#if LOSS
  unsigned issued0 : CAPACITY;   /* to the node of process 0, through whatever lease */
  unsigned issued1 : CAPACITY;
#else
  unsigned issued : CAPACITY;
#endif
  unsigned logged : CAPACITY;    /* has a line in the issue log */
  unsigned boots : 2;            /* bit p: the boot of process p is the current one of its node */
  unsigned reported : 2;         /* bit p: has reported for the running generation */
  unsigned open : 1;             /* blocks are granted */
  Row row[ROWS + 1]              /* row[0] is not used */
}

Ledger now_;        /* the coordinator */
#if LOSS
Ledger then_;       /* what it will come back with */
unsigned loss : 2;  /* 0: no snapshot yet, 1: taken, 2: restored */
#endif

/* What a process is about to do with its lease. */
#define ASKING 0     /* it has none, or waits for a grant */
#define USING 1
#define RETURNING 2  /* the lease is on its way back: nothing is issued from it */
#define STOCK 3      /* the lease is gone, committed numbers of it are left */

/* Calls, the only ones that may be lost, late or done twice. */
#define ACQUIRE 1
#define COMMIT 2
#define READ_BACK 3
#define RELEASE 4

/* What the coordinator answers. */
#define GRANTED 1    /* a: first, b: last */
#define NOTHING 2
#define DONE 3       /* commit: a: recalled */
#define IS_CLOSED 4  /* read-back: a: through */
#define IS_LIVE 5    /* read-back: a: through, b: recalled */
#define IS_RELEASED 6  /* a: through which number it stays issued */
#define REFUSED 7    /* unknown lease, stale attempt, unexpected: the lease is given up */

/* The memory of a process. All zero when it does not run. */
typedef Process {
  unsigned up : 1;
  unsigned mode : 2;
  unsigned named : 1;       /* its row is named: it has a lease, or asks for one by this name */
  unsigned first : 3;
  unsigned last : 3;
  unsigned through : 3;     /* committed through, as acknowledged */
  unsigned handed : 3;      /* handed out through */
  unsigned kept : 3;        /* through which number its commits have lines for requests */
  unsigned attempt : 2;
  unsigned recall : 2;      /* 0 no, 1 recalled, 2 served */
  unsigned target : 3;      /* of the commit that is under way or unknown, else 0 */
  unsigned ahead : 1;       /* the highest number of that commit is for nobody yet */
  unsigned unknown : 1;     /* that commit was not answered */
#if LOSS
  unsigned lapsed : 1;      /* its time to live has passed by the node's clock: it is only released */
  unsigned call : 3;        /* what was answered, while the answer is on its way */
  unsigned answer : 3;
  unsigned a : 3;
  unsigned b : 3
#endif
}

Process proc[2];
#define ROW(p) now_.row[(p) + 1]   /* of its lease, while that is named; see ids.pml */

/* How far a lease is kept at a release: what was handed out, and what has lines. */
#define KEPT(p) (proc[p].handed > proc[p].kept -> proc[p].handed : proc[p].kept)

#if LOSS
/* The journal on the disk of the node of each process: what it issued or may have issued. */
unsigned journal0 : CAPACITY;
unsigned journal1 : CAPACITY;
unsigned behind : 2;        /* bit p: has not yet told the restored coordinator what it holds */
#endif

int late[LATE + 1];         /* requests under way whose caller waits no more; sorted, 0 is none */

unsigned handed : CAPACITY; /* ghost: numbers that left a process */
unsigned calm : 1;          /* faults have stopped */
unsigned demand : 2;        /* bit p: callers keep asking process p, once it is calm */

/* Scratch: hidden from the state; written before it is read in each step. */
hidden byte i_, j_, f_, l_, t_, answer_, a_, b_;
hidden int m_, n_;
hidden byte is_used_;

#if LOSS
#define ISSUED(x) (x.issued0 | x.issued1)
#else
#define ISSUED(x) x.issued
#endif
