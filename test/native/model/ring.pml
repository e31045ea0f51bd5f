/*
 * The ring protocol of one queue, for spin: fill, wait, commit, over, wake, claim, hand back.
 *
 * Modelled
 *   - queue.pml: one mutex; the ready list (FIFO, a kevent at most once); a ring of SIZE slots with free-running head and
 *     tail, whose ring_over is published modulo OVERS as the real one is modulo 2^32; sleeping threads, each on its own
 *     word, except for at most one leader, which sleeps on the epoll set; who wakes whom;
 *   - wait.pml: threads in kevent_wait and kevent_get_events, and kevent_commit, late and twice;
 *   - claim.pml: consumers with kevent_claim and kevent_finish, which die with slots in hand;
 *   - loop.pml: consumers that are event loops: they never sleep in a call, but on the epoll set, and are told the rest;
 *   - here: three kevents (a user event with ET, a user event with level, an eventfd with level), which occur at any moment,
 *     tokens (READY with no entries), time-outs, the close of the queue.
 * Where the engine goes through a list in some order the model allows any order.
 *
 * Not modelled: how the engine remembers who claimed what (ring_test.cc compares that with a slot by slot account), memory ordering (a slot is filled and then ring_kidx moved, in two steps), more than three threads, signals.
 * A section under the mutex is one step here where nobody outside the mutex can see the difference.
 *
 * Shown
 *   - every assertion; at rest (see Monitor) every occurrence was delivered exactly once, every token has released exactly
 *     one thread, nothing is ready or claimable or uncommitted, and so nobody sleeps who could go on;
 *   - every run comes to rest: the state graph has no cycle (pan -l), so no thread spins.
 *
 * Chosen by -D: WAIT, GET, CLAIM or LOOP (which threads there are), SIZE 2 or 3, THREADS 2 or 3, how often things happen (EDGES,
 * LEVELS, WRITES, TOKENS, TIMEOUTS of each thread, DEATHS of consumers, RETIRES: threads that go off and do not come back), CLOSE,
 * ALL (the ET kevent has WAKEUP_ALL), STUCK (one loop's reader never finishes its run). Each FAULT_... brings one mistake back and
 * must be found: that is the proof that the checks can fail.
 */

#ifdef LOOP
#define CLAIM
#endif
#ifndef SIZE
#define SIZE 2
#endif
#ifndef THREADS
#define THREADS 2
#endif
#ifndef EDGES
#define EDGES 2
#endif
#ifndef LEVELS
#define LEVELS 1
#endif
#ifndef WRITES
#define WRITES 1
#endif
#ifndef TOKENS
#define TOKENS 0
#endif
#ifndef TIMEOUTS
#define TIMEOUTS 0
#endif
#ifndef STUCK
#define STUCK 0
#endif
#ifndef RETIRES
#define RETIRES 1
#endif
#ifndef DEATHS
#define DEATHS 0
#endif

#include "queue.pml"
#ifdef CLAIM
#include "claim.pml"
#ifdef LOOP
#include "loop.pml"
#endif
#else
#include "wait.pml"
#endif

/* kevent_ctl(READY) on a user event */
inline occur(it) {
  atomic {
    !mutex;
    if
    :: closed
    :: else ->
      pending[it]++;
      if
      :: !queued[it] && !held[it] -> enqueue(it)
      :: else
      fi;
      pass_on()
    fi
  }
}

proctype Edges() {
  byte n;
  do
  :: n < EDGES -> occur(EDGE); n++
  :: else -> break
  od
}

proctype Levels() {
  byte n;
  do
  :: n < LEVELS -> occur(LEVEL); n++
  :: else -> break
  od
}

/* Another process writes the eventfd. The engine has no part in it. */
proctype Writes() {
  byte n;
  do
  :: atomic { n < WRITES -> written++; n++ }
  :: else -> break
  od
}

/* kevent_ctl(READY) with no entries */
proctype Tokens() {
  byte n;
  do
  :: n < TOKENS ->
    atomic {
      !mutex;
#ifdef FAULT_TOKEN_BIT
      tokens = 1;
#else
      tokens++;
#endif
      pass_on();
      n++
    }
  :: else -> break
  od
}

/* kevent_close */
proctype Close() {
  atomic {
    !mutex;
    closed = 1;
    wake_all()
  }
}

init {
  atomic {
#if TIMEOUTS
    time[0] = TIMEOUTS;
    time[1] = TIMEOUTS;
    time[2] = TIMEOUTS;
#endif
#ifdef CLAIM
#ifdef LOOP
    run Loop(0);
    run Loop(1);
#else
    run Consumer(0, 1);
    run Consumer(1, SIZE);
#endif
#if THREADS == 3
    run Consumer(2, SIZE);
#endif
#else
#ifdef GET
    run Get(0);
#else
    run Wait(0, 1);
#endif
    run Wait(1, SIZE);
#if THREADS == 3
    run Wait(2, 1);
#endif
#endif
    run Edges();
    run Levels();
    run Writes();
#if TOKENS
    run Tokens();
#endif
#ifdef CLOSE
    run Close();
#endif
  }
}

/* Nothing can happen any more. */
active proctype Monitor() {
  timeout ->
#ifdef CLOSE
  assert(gone == THREADS)
#else
#if STUCK
  /* what the stuck loop collected is there for the other */
  assert(!(idle[0] && can_read(0)) && !(idle[1] && can_read(1)));
  assert(len(ready) == 0 || room == 0);
  assert(stuck || tail == head)
#else
  assert(len(ready) == 0 && tail == head);
  assert(delivered[EDGE] == EDGES);
  assert(delivered[LEVEL] == LEVELS);
  assert(delivered[ORIGIN] == WRITES && written == 0);
  assert(tokens == 0 && token_returns == TOKENS);
  assert(release_returns == releases)
#endif
#endif
}
