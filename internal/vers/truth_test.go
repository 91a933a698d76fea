package vers

import "testing"

func TestTruthTables(t *testing.T) {
	all := []Truth{False, Unknown, True}
	and := [3][3]Truth{{False, False, False}, {False, Unknown, Unknown}, {False, Unknown, True}}
	or := [3][3]Truth{{False, Unknown, True}, {Unknown, Unknown, True}, {True, True, True}}
	for i, a := range all {
		for j, b := range all {
			if a.And(b) != and[i][j] || And(a, b) != and[i][j] {
				t.Errorf("%s and %s: %s", a, b, a.And(b))
			}
			if a.Or(b) != or[i][j] || Or(a, b) != or[i][j] {
				t.Errorf("%s or %s: %s", a, b, a.Or(b))
			}
		}
		var back Truth
		text, _ := a.MarshalText()
		if err := back.UnmarshalText(text); err != nil || back != a {
			t.Errorf("%s came back as %s, %v", a, back, err)
		}
	}
	if True.Not() != False || False.Not() != True || Unknown.Not() != Unknown || And() != True || Or() != False {
		t.Error("not, or the empty joins, are wrong")
	}
	var zero Truth
	if zero != Unknown || zero.UnmarshalText([]byte("yes")) == nil {
		t.Error("the zero value must be unknown and other words refused")
	}
}
