// Package vers orders versions and decides, with three values, whether a version or a device lies in a range.
//
// It holds four things:
//   - [Truth]: true, false and unknown with Kleene's operators, which everything above uses.
//   - [Scheme] and [Key]: the version order of each package ecosystem, and a careful generic order for everything else.
//   - [Line] and [Spec]: machine-readable ranges (OSV events, CVE 5 ranges, VERS strings).
//   - [Range]: what a medical-device advisory says in words ("< B.06.18", "1.0 and prior", "Rev J-M", "distributed before
//     April 1, 2018", "MMT-1715 | MMT-1754"), read into alternatives over version, revision, build, serial number, dates
//     and model numbers, and decided against the [Facts] of one device.
//
// Invariants:
//   - Nothing is guessed. Text that is not understood in full is kept in [Range.Unreadable] and makes the answer unknown,
//     never false. A condition that no fact can decide ("on Windows 7") turns true into unknown and leaves false alone.
//   - Two versions whose forms cannot be ordered (a letter against a number, a year against a release number, two letter
//     lines) are not ordered: the answer is unknown and says why.
//   - Every unknown carries a [Reason] that names what is missing.
//   - Values are immutable after construction and safe for concurrent use.
//
// Decisions of the generic order, each with a test:
//   - Missing trailing numbers are zero: 8.0 equals 8.0.0.
//   - Lead words (v, R, Rev, Version, FW, SW ...) say nothing and are dropped. A product code with a separator
//     ("GEH-1.1") is dropped when only one side has it, and must agree when both have it.
//   - A dotted lead letter is a revision and orders A < B ("B.05.30" < "B.06.18"); a letter glued to a number ("L81",
//     "U61") names a line, and lines are not ordered against each other.
//   - "4.1" < "4.1 SP1"; "2.0-rc1" < "2.0"; "4.1" against "4.1 Build 7" is unknown, since every release has some build.
//   - A single number ("8"), a single letter ("K") and wildcards ("8.x", "C.0x") stand for everything that begins so: a
//     device "8" against "< 8.2" is unknown. Two or more numbers are taken exactly: "8.2" against "<= 8.2.1" is true.
//   - A device version that refines an inclusive bound or a listed version ("2.3.1" against "<= 2.3") is unknown: such
//     texts often mean the whole 2.3 line.
//   - Padded second numbers may be decimals: "1.2" against "1.003" is unknown because the two readings disagree.
package vers
