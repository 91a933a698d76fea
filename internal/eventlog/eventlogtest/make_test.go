package eventlogtest

import "testing"

func TestMakerMakesWhatIsValid(t *testing.T) {
	size, m := 0, NewMaker(1, 500)
	const n = 20000
	for range n {
		e := m.Event()
		if err := e.Validate(); err != nil {
			t.Fatalf("%v\n%s", err, e.Raw)
		}
		size += len(e.Raw)
	}
	if mean := size / n; mean < 415 || mean > 445 {
		t.Errorf("originals have %d bytes on average", mean)
	}
	if a, b := NewMaker(5, 10).Event(), NewMaker(5, 10).Event(); a.ID != b.ID || string(a.Raw) != string(b.Raw) {
		t.Error("the same seed makes other events")
	}
}
