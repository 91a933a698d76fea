package pipeline

import "slices"

const (
	skewSamples = 31 // batches that an estimate is made of
	skewEnough  = 5  // before which nothing is said
)

// skew estimates the clock of a source against ours: the median over the last batches of the record that came with the
// least delay. Records that waited in a queue only lag; one batch with a wild time does not move the median.
type skew struct {
	samples []int64 // µs, source minus ours; a ring
	next    int
	value   int64
	known   bool
}

// add takes the largest difference of a batch.
func (s *skew) add(difference int64) {
	if len(s.samples) < skewSamples {
		s.samples = append(s.samples, difference)
	} else {
		s.samples[s.next] = difference
		s.next = (s.next + 1) % skewSamples
	}
	if len(s.samples) < skewEnough {
		return
	}
	all := slices.Clone(s.samples)
	slices.Sort(all)
	s.value, s.known = all[len(all)/2], true
}
