package password

import (
	"slices"
	"strings"
	"testing"

	"triward/internal/problem"
)

// cheap makes hashing fast enough for tests.
var cheap = Cost{Memory: 8, Passes: 1, Threads: 1}

const (
	rootPassword = "brown heron over the dam"
	adaPassword  = "seven kettles whistle"
)

func TestPasswordRules(t *testing.T) {
	a := Owner{Login: "ada.lovelace", Name: "Ada Lovelace", Email: "countess@example.org"}
	for _, good := range []string{adaPassword, rootPassword, "            x", "zwölf Kühe ü", "пароль на двенадцать", "🐄🐖🐑🐓🦆🐎🐐🐇🐿🦔🐀🐁", strings.Repeat("brown heron ", 21), "hospital bed rails"} {
		var l problem.List
		if Check(&l, "password", good, a); l.Len() != 0 {
			t.Errorf("%q: %v", good, l.Err("refused"))
		}
	}
	for _, bad := range []string{"", "eleven char", "ééééé́", strings.Repeat("ab cd ef gh ", 22), "\xff\xfe not text at all",
		"aaaaaaaaaaaa", "abababababab", "xyz1xyz1xyz1xy", "abcdefghijklm", "123456789012", "987654321098", "Password1234", "passwordpassword",
		"Administrator", "qwertyuiop12", "1q2w3e4r5t6y", "Hospital2026!!", "ada.lovelace", "adalovelace1", "Countess12345", "LOVELACE-2026", "correct-horse-battery-staple"} {
		var l problem.List
		if Check(&l, "password", bad, a); l.Len() != 1 {
			t.Errorf("%q is accepted", bad)
		}
	}
	if normalise("ﬁne e\u0301") != normalise("fine é") {
		t.Error("the same characters from two keyboards differ")
	}
	if words := strings.Fields(refusals); len(words) != len(slices.Compact(slices.Sorted(slices.Values(words)))) {
		t.Error("the refusal list repeats itself")
	}
}

func TestStoredHashIsReadBack(t *testing.T) {
	stored, err := cheap.Hash(adaPassword)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		stored, password string
		ok               bool
	}{{stored, adaPassword, true}, {stored, adaPassword + " ", false}, {stored, "", false}, {"", "", false}} {
		if ok, _, err := cheap.Matches(c.stored, c.password); err != nil || ok != c.ok {
			t.Errorf("matches(%q) = %v, %v", c.password, ok, err)
		}
	}
	for i := range stored {
		if _, _, _, err := decode(stored[:i]); err == nil {
			t.Errorf("a hash cut at %d is read", i)
		}
	}
	for _, huge := range []string{"m=4294967295,t=1,p=1", "m=8,t=4294967295,p=1", "m=8,t=0,p=1", "m=0,t=1,p=1", "m=8,t=1,p=0", "m=8,t=1,p=256"} {
		if _, _, _, err := decode(strings.Replace(stored, "m=8,t=1,p=1", huge, 1)); err == nil {
			t.Errorf("%s is accepted", huge)
		} else if strings.Contains(err.Error(), "$") {
			t.Errorf("the error shows the hash: %v", err)
		}
	}
	c := Default()
	if c.Memory < 19*1024 || c.Passes*c.Memory < 38*1024 {
		t.Errorf("cost = %+v is below what OWASP asks for", c)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=8,t=1$$")
	f.Fuzz(func(t *testing.T, s string) {
		c, salt, key, err := decode(s)
		if err != nil {
			return
		}
		c2, salt2, key2, err := decode(encode(c, salt, key))
		if err != nil || c2 != c || string(salt2) != string(salt) || string(key2) != string(key) {
			t.Errorf("%q is not read back: %v", s, err)
		}
	})
}
