/* Threads that share one ring as the seed has it: kevent_wait or kevent_get_events, read, kevent_commit. */

/* The application's own: up to where the ring was read, and the lock under which it is. */
byte cursor = START;
bit reading;

/* kevent_commit(p modulo SIZE, p / SIZE modulo OVERS) */
inline commit(p) {
  atomic {
    !mutex;
#ifdef FAULT_LATE_COMMIT
    /* the original's way: an index before the tail's has wrapped */
    if
    :: p % SIZE >= tail % SIZE -> to = tail - tail % SIZE + p % SIZE
    :: else -> to = tail - tail % SIZE + p % SIZE + SIZE
    fi;
#else
    wraps = ((p / SIZE) % OVERS - (tail / SIZE) % OVERS + OVERS) % OVERS;
    if
    :: wraps >= OVERS / 2 -> wraps = wraps - OVERS
    :: else
    fi;
    to = (wraps < -1 -> tail : (tail / SIZE + wraps) * SIZE + p % SIZE); /* more than one wrap old: EOVERFLOW */
#endif
    assert(to <= head);
    assert((to <= tail && p <= tail) || to == p);
    if
    :: tail < to ->
      do
      :: tail < to ->
        k = slot_kevent[tail % SIZE];
        tail++;
        look_again(k)
      :: else -> break
      od;
#ifndef FAULT_COMMIT_SILENT
      pass_on()
#endif
    :: else
    fi;
    assert(tail <= cursor);
    k = 0;
    to = 0;
    wraps = 0
  }
}

/* Whoever comes first reads all there is. The commits may then come in any order, and twice. */
inline read_and_commit() {
  atomic { !reading -> reading = 1; mine = head };
  do
  :: cursor < mine -> atomic { read(cursor); cursor++; k = 0 }
  :: else -> break
  od;
  reading = 0;
  commit(mine);
  if
  :: commit(mine)
  :: skip
  fi;
  mine = 0
}

/* A WAKEUP_ALL event was moved: all who sleep go home. */
inline release_all() {
  atomic {
    if
#ifdef ALL
    :: slot_kevent[(head - 1) % SIZE] == EDGE ->
      releases = releases + (parked[0] && !released[0]) + (parked[1] && !released[1]) + (parked[2] && !released[2]);
      released[0] = released[0] || parked[0];
      released[1] = released[1] || parked[1];
      released[2] = released[2] || parked[2];
      wake_all()
#endif
    :: else
    fi
  }
}

inline enter() {
  atomic { !mutex -> mutex = 1 };
again:
  atomic {
    if
    :: closed -> goto end
    :: !closed && tokens > 0 -> tokens--; token_returns++; goto leave
    :: else
    fi
  }
}

inline go_home(w) {
  atomic {
    release_returns = release_returns + released[w];
    released[w] = 0;
    moved = 0;
    late = 0;
#ifndef FAULT_LEAVE_SILENT
    pass_on();
#endif
    mutex = 0
  }
}

/* kevent_wait(num max, old_uidx the cursor's) */
proctype Wait(byte w; byte max) {
  byte moved, mine;
  bit late;
next:
  enter();
  atomic {
    if
    :: room > 0 && len(ready) < max -> collect()
    :: else
    fi
  };
  do
  :: moved < max && len(ready) > 0 && room > 0 -> fill(); moved++; release_all()
  :: else -> break
  od;
  if
  :: moved > 0 || released[w] || late || head % SIZE != cursor % SIZE
  :: else -> sleep(w); goto again
  fi;
leave:
  go_home(w);
  read_and_commit();
  if
  :: goto next
  :: atomic { retired < RETIRES -> retired++; gone++ }; goto retire
  fi;
end:
  atomic { gone++; mutex = 0 };
retire:
  skip
}

/* kevent_get_events(min_nr 2, max_nr 2). What it takes is delivered here, so the copies in the ring count nothing; but they are
   committed, by whoever reads the ring next. */
proctype Get(byte w) {
  byte moved, mine;
  bit late;
next:
  enter();
  atomic {
    if
    :: len(ready) < 2 -> collect()
    :: else
    fi
  };
  if
  :: len(ready) >= 2 || released[w] || late
  :: else -> sleep(w); goto again
  fi;
  do
  :: atomic {
      moved < 2 && len(ready) > 0 && room > 0 ->
      ready?<k>;
      delivered[k] = delivered[k] + pending[k];
      pending[k] = 0;
      k = 0
    };
    fill();
    moved++;
    release_all()
  :: atomic {
      moved < 2 && len(ready) > 0 && room == 0 ->
      ready?k;
      queued[k] = 0;
      delivered[k] = delivered[k] + pending[k];
      pending[k] = 0;
      if
      :: k == ORIGIN -> delivered[k] = delivered[k] + written; written = 0
      :: else
      fi;
      look_again(k);
      k = 0;
      moved++
    }
  :: !(moved < 2 && len(ready) > 0) -> break
  od;
leave:
  go_home(w);
  read_and_commit();
  if
  :: goto next
  :: atomic { retired < RETIRES -> retired++; gone++ }; goto retire
  fi;
end:
  atomic { gone++; mutex = 0 };
retire:
  skip
}
