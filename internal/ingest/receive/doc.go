// Package receive is the doors for events: syslog over UDP, TCP and TLS, and batches over HTTP. It cuts what comes into
// records and says whose they are; it decodes nothing.
//
// Invariants:
//   - Each record gets its event id here. It is handed to the stream, and what a sender is told was accepted is on disk.
//   - What waits in memory is bounded for all senders together. When the bound is reached, or the stream refuses, TCP and
//     TLS connections are not read (the sender waits), and HTTP answers 503 with Retry-After. UDP cannot wait: what it
//     loses is counted, for each source where the program drops it, for all of them where the kernel does.
//   - Every record that is lost before it was accepted, and every one that is cut at 1 MiB, becomes part of a blind interval.
//   - An end in order loses nothing of a sender that looks whether its connection was closed: the door says that it closes,
//     reads to the end, and hands over everything before the stream closes. Plain syslog over TCP has no acknowledgement,
//     so what is in flight when the machine stops without warning is lost; the blind interval of the stop says so.
package receive
