package disclosure

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/incident"
	"triward/internal/problem"
)

var now = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)

// The letters of Vultron's report management: every other pair is refused.
func TestEveryMoveOfAReport(t *testing.T) {
	letter := map[byte]Report{'S': Start, 'R': Received, 'I': Invalid, 'V': Valid, 'A': Accepted, 'D': Deferred, 'C': Closed}
	want := map[[2]Report]bool{}
	for _, m := range []string{"SR", "RV", "RI", "IV", "IC", "VA", "VD", "AD", "AC", "DA", "DC"} {
		want[[2]Report{letter[m[0]], letter[m[1]]}] = true
	}
	for _, from := range Reports() {
		for _, to := range Reports() {
			d := Disclosure{Report: from}
			err := d.report(to)
			if (err == nil) != want[[2]Report{from, to}] || err == nil && d.Report != to || err != nil && (d.Report != from || problem.KindOf(err) != problem.Conflict) {
				t.Errorf("%s to %s: %v, is %s", from, to, err, d.Report)
			}
		}
	}
}

func TestEveryActOnAnEmbargo(t *testing.T) {
	want := map[Embargo][4]Embargo{ // in the order of Acts: propose, accept, reject, exit
		None:     {Proposed},
		Proposed: {Proposed, Active, None},
		Active:   {Revise, "", "", Exited},
		Revise:   {Revise, Active, Active, Exited},
		Exited:   {},
	}
	for _, from := range Embargoes() {
		for n, act := range Acts() {
			d := Disclosure{Embargo: from, Case: Case{}, Asked: now.Add(time.Hour)}
			err := d.embargo(Step{Act: act, Until: now.Add(2 * time.Hour)}, incident.Incident{}, now)
			if to := want[from][n]; to == "" && (problem.KindOf(err) != problem.Conflict || d.Embargo != from) || to != "" && (err != nil || d.Embargo != to) {
				t.Errorf("%s, %s: %v, is %s", from, act, err, d.Embargo)
			}
			for _, b := range []Bit{PublicAware, ExploitPublic, Attacked} {
				loudly := Disclosure{Embargo: from, Case: Case{b: now}}
				if err := loudly.embargo(Step{Act: Propose, Until: now.Add(time.Hour)}, incident.Incident{}, now); problem.KindOf(err) != problem.Conflict {
					t.Errorf("an embargo is proposed with %s: %v", b, err)
				}
			}
		}
	}
	late := Disclosure{Embargo: Proposed, Case: Case{}, Asked: now}
	if err := late.embargo(Step{Act: Accept}, incident.Incident{}, now); problem.KindOf(err) != problem.Conflict {
		t.Errorf("an embargo that is over is accepted: %v", err)
	}
	open := Disclosure{Embargo: Proposed, Case: Case{}, Asked: now.Add(time.Hour)}
	if err := open.embargo(Step{Act: Accept}, incident.Incident{Disclosure: incident.Public}, now); problem.KindOf(err) != problem.Conflict {
		t.Errorf("what is public is put under embargo: %v", err)
	}
}

func TestBitsAndWhatTheyBring(t *testing.T) {
	for _, c := range []struct{ from, bit, to string }{
		{"vfdpxa", "V", "Vfdpxa"}, {"vfdpxa", "F", ""}, {"vfdpxa", "D", ""}, {"vfdpxa", "P", "VfdPxa"}, {"vfdpxa", "X", "VfdPXa"}, {"vfdpxa", "A", "vfdpxA"},
		{"Vfdpxa", "F", "VFdpxa"}, {"Vfdpxa", "D", ""}, {"VFdpxa", "D", "VFDpxa"}, {"Vfdpxa", "V", ""}, {"VFDPXA", "A", ""}, {"vfdpxA", "X", "VfdPXA"},
	} {
		from := Case{}
		for n, b := range Bits() {
			if c.from[n] == letters[n] {
				from[b] = now
			}
		}
		bit := Bits()[slices.Index([]byte(letters), c.bit[0])]
		got, err := from.with(bit, now)
		if c.to == "" && (err == nil || slices.Contains(from.Open(), bit)) || c.to != "" && (err != nil || got.String() != c.to || !slices.Contains(from.Open(), bit)) {
			t.Errorf("%s in %s: %s, %v", c.bit, c.from, got, err)
		}
		if from.String() != c.from {
			t.Errorf("%s changed to %s", c.from, from)
		}
	}
	for from, ends := range map[Embargo]Embargo{None: None, Proposed: None, Active: Exited, Revise: Exited, Exited: Exited} {
		for _, b := range Bits() {
			d := Disclosure{Embargo: from, Case: Case{VendorAware: now, FixReady: now}, Asked: now}
			if d.Case.Has(b) {
				d.Case = Case{}
			}
			if err := d.learn(b, now); err != nil && b != FixReady {
				t.Fatal(err)
			}
			want := from
			if slices.Contains(loud, b) {
				want = ends
			}
			if d.Embargo != want {
				t.Errorf("%s under an embargo that is %s: %s, want %s", b, from, d.Embargo, want)
			}
		}
	}
}

// Whatever is tried in whatever order, the invariants hold.
func TestMachinesHoldOverRandomMoves(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pick := func(n int) int { return rnd.IntN(n) }
	for range 2000 {
		d := Disclosure{Report: Start, Embargo: None, Case: Case{}}
		exited := false
		for range 40 {
			before := d
			var err error
			switch pick(3) {
			case 0:
				err = d.report(Reports()[pick(7)])
			case 1:
				err = d.embargo(Step{Act: Acts()[pick(4)], Until: now.Add(time.Hour)}, incident.Incident{}, now)
			default:
				err = d.learn(Bits()[pick(6)], now)
			}
			if err != nil && !cmp.Equal(before, d) {
				t.Fatalf("a refused move changed %+v to %+v", before, d)
			}
			for b := range before.Case {
				if !d.Case.Has(b) {
					t.Fatalf("%s went back", b)
				}
			}
			c := d.Case
			switch {
			case c.Has(FixReady) && !c.Has(VendorAware), c.Has(FixDeployed) && !c.Has(FixReady), c.Has(ExploitPublic) && !c.Has(PublicAware), c.Has(PublicAware) && !c.Has(VendorAware):
				t.Fatalf("impossible case %s", c)
			case c.Loud() && (d.Embargo.InForce() || d.Embargo == Proposed):
				t.Fatalf("an embargo that is %s in %s", d.Embargo, c)
			case exited && d.Embargo != Exited:
				t.Fatal("an embargo began again")
			case d.Embargo.InForce() && !d.Ends.After(now):
				t.Fatal("an embargo has no end")
			}
			exited = d.Embargo == Exited
		}
	}
}
