// The agent's end of its socket: an abstract name, one line of JSON each way, as docs/agent.md describes. All on the
// sleeping thread; requests are served one after the other in the order of their arrival.
#pragma once

#include <sys/types.h>

namespace sleeper {

// Listens. Returns the descriptor or -errno (EADDRINUSE: somebody has taken our name).
int ListenForRequests();

// Connections that wait for us, in the sleeping thread's epoll set.
class Connections {
 public:
  Connections(int epoll, int listener) : epoll_(epoll), listener_(listener) {}

  // Accepts one. Refuses all but our own user and root.
  void Accept();
  // Serves what has come over connection `index`; closes it at its end or after a fault.
  void Serve(size_t index);
  // Closes those which began a line and did not end it in time. Returns the milliseconds until the next such moment, -1
  // when there is none: the thread then sleeps without limit.
  int CloseOverdue();

 private:
  static constexpr size_t kMax = 16;
  static constexpr size_t kLineBytes = 4096;

  struct Connection {
    int fd = -1;
    pid_t peer = 0;
    // Of another user: it is told so when it asks, or when its time is over.
    bool denied = false;
    size_t length = 0;
    // When the first byte of an unfinished line came; 0 when there is none.
    int64_t begun_ns = 0;
    int64_t last_used_ns = 0;
    char line[kLineBytes];
  };

  void Close(Connection& connection);
  Connection& Place();
  void Answer(Connection& connection, const char* line, size_t length);
  void HandOver(Connection& connection);

  int epoll_;
  int listener_;
  Connection connections_[kMax];
};

}  // namespace sleeper
