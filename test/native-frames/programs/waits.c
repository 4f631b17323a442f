// One thread waits for a mutex that the main thread holds; the main thread stands in a signal handler on a stack of its
// own, which interrupted ordinary code.
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

__attribute__((noinline)) void *wait_for_mutex(void *nothing) {
  pthread_mutex_lock(&mutex);
  return nothing;
}

void on_signal(int number) {
  (void)number;
  (void)!write(3, ".", 1);
  for (;;) pause();
}

__attribute__((noinline)) void interrupted_work(void) {
  volatile char room[300];
  room[1] = 1;
  raise(SIGUSR1);
  room[0] = 1;
}

int main(void) {
  pthread_t thread;
  stack_t stack = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
  sigaltstack(&stack, NULL);
  sigaction(SIGUSR1, &action, NULL);
  pthread_mutex_lock(&mutex);
  pthread_create(&thread, NULL, wait_for_mutex, NULL);
  interrupted_work();
  return 0;
}
