/* Consumers: kevent_claim, kevent_finish, kevent_consumer_close. */

byte deaths;

/* The longest run of at most max slots that lie side by side. */
inline claim() {
  d_step {
    first = tail;
    do
    :: first < head && owner[first % SIZE] != 0 -> first++
    :: else -> break
    od;
    last = first;
    do
    :: last < head && last - first < max && owner[last % SIZE] == 0 && last / SIZE == first / SIZE ->
      owner[last % SIZE] = c + 1;
      last++
    :: else -> break
    od
  }
}

inline room_was_made() {
#ifdef LOOP
  told[0] = told[0] || starved[0];
  told[1] = told[1] || starved[1];
#endif
  skip
}

inline finish(p) {
  atomic {
    !mutex;
    read(p); /* what was read counts now: a consumer that dies before has done nothing */
    owner[(p) % SIZE] = FINISHED;
    look_again(k);
    k = 0;
    do
    :: tail < head && owner[tail % SIZE] == FINISHED -> owner[tail % SIZE] = 0; tail++
    :: else -> break
    od;
#ifndef FAULT_COMMIT_SILENT
    room_was_made();
    pass_on()
#endif
  }
}

/* kevent_consumer_close: what is claimed and not finished is anybody's again. */
inline hand_back() {
  atomic {
    !mutex;
#ifndef FAULT_KEEP_CLAIMS
    do
    :: first < last -> owner[first % SIZE] = 0; first++
    :: else -> break
    od;
#endif
#ifndef FAULT_HAND_BACK_SILENT
    wake_all();
#ifdef LOOP
    told[0] = 1;
    told[1] = 1;
#endif
    pass_on();
#endif
    first = 0;
    last = 0;
    gone++
  }
}

proctype Consumer(byte c; byte max) {
  byte first, last;
  bit late;
next:
  atomic { !mutex -> mutex = 1 };
again:
  atomic {
    if
    :: closed -> goto end
    :: !closed && tokens > 0 -> tokens--; token_returns++; goto leave
    :: !closed && tokens == 0 && !can_read(c) && room > 0 -> collect()
    :: else
    fi
  };
  if
  :: can_read(c)
  :: else ->
    do
    :: len(ready) > 0 && room > 0 -> fill()
    :: else -> break
    od
  fi;
  claim();
  if
  :: last > first || late
  :: else -> first = 0; last = 0; sleep(c); goto again
  fi;
leave:
  atomic {
    late = 0;
#ifndef FAULT_LEAVE_SILENT
    pass_on();
#endif
    mutex = 0
  };
  do
  :: first < last ->
    assert(owner[first % SIZE] == c + 1 && slot_position[first % SIZE] == first + 1);
    if
    :: finish(first); first++
    :: atomic { deaths < DEATHS -> deaths++ }; hand_back(); goto dead
    fi
  :: else -> break
  od;
  first = 0;
  last = 0;
  if
  :: goto next
  :: atomic { retired < RETIRES -> retired++; gone++ }; goto dead
  fi;
end:
  atomic { gone++; mutex = 0 };
dead:
  skip
}
