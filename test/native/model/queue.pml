/* The queue: what is under its mutex, what the kernel keeps for it, and who wakes whom. */

#define OVERS 8          /* more than twice as far as a commit can be late here, as 2^32 is in life */
#define START (6 * SIZE) /* positions begin here, so that the published count of wraps overflows on the way */
#define NOBODY 255

/* the three kevents */
#define EDGE 0   /* user event, ET: a new event as soon as the one before is delivered */
#define LEVEL 1  /* user event, level: one event at a time, from occurrence to commit */
#define ORIGIN 2 /* eventfd, level */

bit mutex;
bit closed;
byte tokens;

chan ready = [3] of { byte };
byte pending[3]; /* occurrences not yet delivered */
bit queued[3];   /* on the ready list */
bit held[3];     /* level: its event is in a slot that has not been given back */

byte head = START, tail = START;
byte slot_kevent[SIZE];
byte slot_count[SIZE];
byte slot_position[SIZE]; /* ghost: one more than the position filled here last */

byte written;   /* the kernel's side: the eventfd's counter ... */
bit armed = 1;  /* ... and whether the epoll set asks for it */
bit signalled;  /* the queue's own wake-up is in the epoll set */

/* consumers' claims: 0: for anybody; c + 1: claimed by consumer c; FINISHED: free as soon as all before it are */
#define FINISHED 100
byte owner[SIZE];

bit parked[3];
bit woken[3];    /* a sleeping thread's word; the leader has none */
bit released[3]; /* a WAKEUP_ALL event went by */
byte leader = NOBODY;
bit told[3];    /* an event loop has a message of ours */
bit starved[3]; /* ... and found the ring full when it came last */
byte time[3]; /* how many more times this thread's time may end */

/* scratch within one step, 0 between steps */
byte k, to;
short wraps;

/* ghosts, for Monitor */
byte delivered[3];
byte token_returns;
byte releases, release_returns;
byte gone, retired; /* threads that have ended; of these, without a word to the queue */

#define room (SIZE - (head - tail))
#define readable ((written > 0 && armed) || signalled)

/* can_read(w): something in the ring is for it. enough(w): as many events are ready as it waits for. */
#ifdef CLAIM
#define open_at(p) (p < head && owner[(p) % SIZE] == 0)
#if SIZE == 2
#define can_read(w) (open_at(tail) || open_at(tail + 1))
#else
#define can_read(w) (open_at(tail) || open_at(tail + 1) || open_at(tail + 2))
#endif
#define needs_room(w) 1
#define enough(w) (len(ready) > 0)
#else
#define can_read(w) 0
#ifdef GET
#define needs_room(w) (w != 0)
#ifdef FAULT_NO_MINIMUM
#define enough(w) (len(ready) > 0)
#else
#define enough(w) ((w != 0 && len(ready) > 0) || len(ready) >= 2)
#endif
#else
#define needs_room(w) 1
#define enough(w) (len(ready) > 0)
#endif
#endif

#ifdef FAULT_RELEASE_EATEN
#define let_go(w) 0
#else
#define let_go(w) released[w]
#endif
#define usable(w) (room > 0 || !needs_room(w))
#define wants_to_run(w) (let_go(w) || can_read(w) || tokens > 0 || (enough(w) && usable(w)))
#define asleep(w) (parked[w] && leader != w && !woken[w])
#define on_its_way(w) (parked[w] && leader != w && woken[w])
#define heir(w) (asleep(w) && wants_to_run(w))
#ifdef FAULT_LEADER
#define regent(w) false
#else
#define regent(w) (asleep(w) && usable(w) && leader == NOBODY)
#endif

/* An event loop sleeps on the epoll set by itself; the rest it is told. */
#ifdef LOOP
#define for_loops (len(ready) > 0 && room > 0)
#else
#define for_loops 0
#endif

/* Whoever changed something, and whoever goes, gives what is left to one other: work to a sleeper that can do it, else leadership
   to a sleeper that can lead, else work to the leader. One who is on its way to become leader will pass on the rest itself. */
inline pass_on() {
  if
  :: heir(0) -> woken[0] = 1
  :: heir(1) -> woken[1] = 1
  :: heir(2) -> woken[2] = 1
  :: leader == NOBODY && (on_its_way(0) || on_its_way(1) || on_its_way(2))
  :: !heir(0) && !heir(1) && !heir(2) && regent(0) -> woken[0] = 1
  :: !heir(0) && !heir(1) && !heir(2) && regent(1) -> woken[1] = 1
  :: !heir(0) && !heir(1) && !heir(2) && regent(2) -> woken[2] = 1
  :: !heir(0) && !heir(1) && !heir(2) && ((leader != NOBODY && wants_to_run(leader)) || for_loops) -> signalled = 1
  :: else
  fi
}

inline wake_all() {
  woken[0] = parked[0];
  woken[1] = parked[1];
  woken[2] = parked[2];
  signalled = 1
}

inline enqueue(it) {
  queued[it] = 1;
  ready!it
}

/* epoll_wait without waiting. What fires again before its event is given back is muted, or the leader would spin. */
inline collect() {
  signalled = 0;
  if
  :: written > 0 && armed && (queued[ORIGIN] || held[ORIGIN]) -> armed = 0
  :: written > 0 && armed && !queued[ORIGIN] && !held[ORIGIN] -> enqueue(ORIGIN)
  :: else
  fi
}

/* The event of this kevent was given back: readiness is looked at again. */
inline look_again(it) {
  held[it] = 0;
  if
  :: it == ORIGIN -> armed = 1
  :: it == LEVEL && pending[it] > 0 && !queued[it] -> enqueue(it)
  :: else
  fi
}

/* The first ready event into the next slot. The index moves last, since readers look at it without the mutex. */
inline fill() {
#ifdef FAULT_INDEX_FIRST
  head++;
#define FILLED (head - 1)
#else
#define FILLED head
#endif
  d_step {
    assert(FILLED - tail < SIZE);
    ready?k;
    slot_kevent[FILLED % SIZE] = k;
    slot_count[FILLED % SIZE] = pending[k];
    slot_position[FILLED % SIZE] = FILLED + 1;
    pending[k] = 0;
    queued[k] = 0;
    held[k] = (k != EDGE);
    k = 0
  };
#ifndef FAULT_INDEX_FIRST
  head++;
#endif
  assert(tail <= head && head <= tail + SIZE)
}

/* Until woken, until the time is over or, for the leader, until the epoll set has something. Enters and leaves with the mutex held. */
inline sleep(w) {
  atomic {
    parked[w] = 1;
    if
    :: leader == NOBODY && usable(w) -> leader = w
    :: else
    fi;
#ifndef FAULT_SLEEP_SILENT
    pass_on();
#endif
    mutex = 0
  };
end_asleep:
  atomic {
    if
    :: leader != w && woken[w]
    :: leader == w && readable
    :: time[w] > 0 -> time[w]--; late = 1
    fi
  };
  atomic {
    !mutex -> mutex = 1;
    parked[w] = 0;
    woken[w] = 0;
    leader = (leader == w -> NOBODY : leader)
  }
}

/* A reader and one slot, without the mutex. Leaves the kevent in k. */
inline read(p) {
  assert(slot_position[(p) % SIZE] == (p) + 1);
  k = slot_kevent[(p) % SIZE];
  delivered[k] = delivered[k] + slot_count[(p) % SIZE];
  if
  :: k == ORIGIN -> delivered[k] = delivered[k] + written; written = 0
  :: else
  fi
}
