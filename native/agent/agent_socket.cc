#include "agent_socket.h"

#include <stddef.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "capture.h"
#include "isolate_registry.h"
#include "json_line.h"
#include "text_buffer.h"
#include "wait_word.h"
#include "watching_sleeper.h"

namespace sleeper {

namespace {

constexpr int64_t kLineTimeoutMs = 2000;
constexpr int64_t kMaxProbeMs = 5000;
constexpr int64_t kUsualProbeMs = 1000;
constexpr int kBacklog = 16;
constexpr size_t kMaxReason = 1024;

// Isolates take up to 100 bytes each.
char answer_text[32 * 1024];

void Refuse(TextBuffer& out, const char* why) { out.Add("{\"ok\":false,\"error\":\"").AddEscaped(why).Add("\"}\n"); }

void AnswerProbe(const char* line, size_t length, TextBuffer& out) {
  ProbeLoops(JsonNumber(JsonMember(line, length, "timeoutMs"), kMaxProbeMs, kUsualProbeMs));
  out.Add("{\"ok\":true,\"isolates\":");
  WriteProbedIsolates(out);
  out.Add("}\n");
}

// Yama: lets the asking process trace us although it is not our ancestor.
void AnswerAllow(pid_t peer, TextBuffer& out) {
  int error = prctl(PR_SET_PTRACER, peer, 0, 0, 0) == 0 ? 0 : errno;
  if (error == 0) {
    out.Add("{\"ok\":true}\n");
  } else if (error == EINVAL) {
    out.Add("{\"ok\":true,\"note\":\"this kernel has no Yama\"}\n");
  } else {
    out.Add("{\"ok\":false,\"error\":\"PR_SET_PTRACER: errno ").AddNumber(error).Add("\"}\n");
  }
}

void AnswerCapture(const char* line, size_t length, TextBuffer& out) {
  JsonText reason = JsonMember(line, length, "reason");
  if (reason.length == 0 || reason.length > kMaxReason) return Refuse(out, "capture needs a reason of 1 to 1024 bytes");
  static char escaped[kMaxReason + 1];
  static char answer[kAnswerBytes];
  static PlannedReport plan;
  TextBuffer(escaped, sizeof escaped).Add(reason.data, reason.length);
  PlanReport(plan);
  bool written = CaptureReport({escaped}, plan, answer, sizeof answer);
  if (!written) return Refuse(out, strncmp(answer, "ERROR ", 6) == 0 ? answer + 6 : answer);
  out.Add("{\"ok\":true,\"report\":\"").AddEscaped(answer + strlen("REPORT ")).Add("\"}\n");
}

}  // namespace

int ListenForRequests() {
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0) return -errno;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  TextBuffer name(address.sun_path + 1, sizeof address.sun_path - 1);
  name.Add("sleeper-agent-").AddNumber(getpid());
  auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.length());
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), bytes) != 0 || listen(listener, kBacklog) != 0) {
    int error = errno;
    close(listener);
    return -error;
  }
  return listener;
}

void Connections::Accept() {
  int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  ucred peer{};
  socklen_t length = sizeof peer;
  bool known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0;
  Connection& connection = Place();
  connection.fd = fd;
  connection.peer = peer.pid;
  connection.denied = !known || (peer.uid != 0 && peer.uid != geteuid());
  connection.length = 0;
  connection.last_used_ns = MonotonicNs();
  connection.begun_ns = connection.denied ? connection.last_used_ns : 0;
  epoll_event interest{};
  interest.events = EPOLLIN;
  interest.data.u64 = static_cast<uint64_t>(&connection - connections_);
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &interest) != 0) Close(connection);
}

// A free place, or that of one who is denied, or of the connection which has been silent for the longest time.
Connections::Connection& Connections::Place() {
  Connection* oldest = &connections_[0];
  for (Connection& connection : connections_) {
    if (connection.fd < 0) return connection;
    bool cheaper = connection.denied && !oldest->denied;
    bool older = connection.last_used_ns < oldest->last_used_ns;
    if (cheaper || (older && connection.denied == oldest->denied)) oldest = &connection;
  }
  Close(*oldest);
  return *oldest;
}

void Connections::Close(Connection& connection) {
  close(connection.fd);
  connection.fd = -1;
}

void Connections::Serve(size_t index) {
  Connection& connection = connections_[index];
  if (connection.fd < 0) return;
  ssize_t got = read(connection.fd, connection.line + connection.length, kLineBytes - connection.length);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got > 0 && connection.denied) {
    static const char kDenied[] = "{\"ok\":false,\"error\":\"denied\"}\n";
    send(connection.fd, kDenied, sizeof kDenied - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  if (got <= 0 || connection.denied) return Close(connection);
  connection.last_used_ns = MonotonicNs();
  connection.length += static_cast<size_t>(got);
  while (connection.fd >= 0) {
    auto* end = static_cast<char*>(memchr(connection.line, '\n', connection.length));
    if (end == nullptr) break;
    auto line_length = static_cast<size_t>(end - connection.line);
    Answer(connection, connection.line, line_length);
    connection.length -= line_length + 1;
    memmove(connection.line, end + 1, connection.length);
    connection.begun_ns = 0;
  }
  if (connection.fd < 0) return;
  if (connection.length == kLineBytes) return Close(connection);
  if (connection.length > 0 && connection.begun_ns == 0) connection.begun_ns = connection.last_used_ns;
}

void Connections::Answer(Connection& connection, const char* line, size_t length) {
  TextBuffer out(answer_text, sizeof answer_text);
  JsonText op = JsonMember(line, length, "op");
  if (op.Equals("probe")) {
    AnswerProbe(line, length, out);
  } else if (op.Equals("allow")) {
    AnswerAllow(connection.peer, out);
  } else if (op.Equals("capture")) {
    AnswerCapture(line, length, out);
  } else if (op.Equals("serve")) {
    out.Add("{\"ok\":true}\n");
  } else {
    Refuse(out, "expected one line {\"op\":\"probe\"|\"allow\"|\"capture\"|\"serve\", ...}");
  }
  // An answer fits a fresh socket buffer many times over; a peer that does not read has lost interest.
  ssize_t sent = send(connection.fd, out.data(), out.length(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent != static_cast<ssize_t>(out.length())) return Close(connection);
  if (op.Equals("serve")) HandOver(connection);
}

// From now on it is we who ask over it.
void Connections::HandOver(Connection& connection) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.fd, nullptr);
  KeepOffer(connection.fd, connection.peer);
  connection.fd = -1;
}

int Connections::CloseOverdue() {
  int64_t now = MonotonicNs();
  int64_t next_ms = -1;
  for (Connection& connection : connections_) {
    if (connection.fd < 0 || connection.begun_ns == 0) continue;
    int64_t left_ms = kLineTimeoutMs - (now - connection.begun_ns) / kNsPerMs;
    if (left_ms <= 0) {
      Close(connection);
    } else if (next_ms < 0 || left_ms < next_ms) {
      next_ms = left_ms;
    }
  }
  return static_cast<int>(next_ms);
}

}  // namespace sleeper
