// Package vuln keeps the published weaknesses and says which configurations of the fleet they affect.
//
// It holds the feeds and their records, the inverted index and the answers ([Matcher]), what sources assert of a
// vulnerability ([Threat]), and what analysts decide about it ([Verdict], VEX). The comparing itself is in vuln/match, the
// names of makers and products in vuln/naming; both are pure.
//
// Invariants:
//   - The unit of matching is a configuration: devices with the same facts share one, so that a fleet of 100,000 devices is
//     judged as a few thousand configurations.
//   - A newer revision of a record replaces the one kept, an older one never does.
//   - Answers are derived: [Matcher.Reset] and setting all holders give the same rows as any sequence of steps.
//   - A verdict never changes an answer; it stands beside it, and re-opens when a newer source contradicts it.
package vuln
