/* The pod sandbox: holds the namespaces of a pod and reaps what its processes leave behind. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void stop(int signal) {
  (void)signal;
  _exit(0);
}

static void reap(int signal) {
  (void)signal;
  while (waitpid(-1, NULL, WNOHANG) > 0) {
  }
}

int main(void) {
  struct sigaction children = {.sa_handler = reap, .sa_flags = SA_NOCLDSTOP};
  if (sigaction(SIGINT, &(struct sigaction){.sa_handler = stop}, NULL) < 0 ||
      sigaction(SIGTERM, &(struct sigaction){.sa_handler = stop}, NULL) < 0 ||
      sigaction(SIGCHLD, &children, NULL) < 0) {
    return 1;
  }
  for (;;) {
    pause();
  }
}
