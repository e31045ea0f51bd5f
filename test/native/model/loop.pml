/* A consumer that is an event loop: it never sleeps in a call, but watches the epoll set and is told what that does not show. */

#define other (1 - c)

bit idle[2]; /* came for events and found none */
bit stuck;   /* one loop's reader never comes back from its run */

/* kevent_claim(NONBLOCK). With max 0, for a loop whose reader is busy, it only collects. Found the ring full: the set is not watched
   until the loop is told, or it would spin on what does not fit. */
inline claim_now() {
  atomic { !mutex -> mutex = 1; told[c] = 0 };
  if
  :: max > 0 && can_read(c)
  :: else ->
    atomic { collect() };
    do
    :: len(ready) > 0 && room > 0 -> fill()
    :: else -> break
    od
  fi;
  atomic {
    starved[c] = (room == 0);
    if
    :: max > 0 -> claim(); watching = (last > first || room > 0)
    :: else -> watching = (room > 0)
    fi;
    if
#ifdef FAULT_COLLECT_SILENT
    :: can_read(other) && max > 0 && last > first -> told[other] = 1
#else
    :: can_read(other) && idle[other] -> told[other] = 1
#endif
    :: else
    fi;
    idle[c] = (max > 0 && last == first);
    pass_on();
    mutex = 0
  }
}

proctype Loop(byte c) {
  byte first, last;
  byte max = SIZE;
  bit watching = 1;
end_idle:
  atomic { told[c] || (watching && readable) };
turn:
  claim_now();
  if
  :: first == last -> goto end_idle
  :: else
  fi;
  do
  :: first < last ->
    assert(owner[first % SIZE] == c + 1 && slot_position[first % SIZE] == first + 1);
    if
    :: finish(first); first++; watching = 1
    :: atomic { told[c] || (watching && readable) -> max = 0 }; claim_now(); max = SIZE
    :: atomic { deaths < DEATHS -> deaths++ }; hand_back(); goto dead
    fi
  :: atomic { STUCK && !stuck -> stuck = 1; max = 0 }; goto end_stuck
  :: else -> break
  od;
  first = 0;
  last = 0;
  goto turn;
end_stuck:
  atomic { told[c] || (watching && readable) };
  claim_now();
  goto end_stuck;
dead:
  skip
}
