package vers

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	apk "github.com/knqyf263/go-apk-version"
	deb "github.com/knqyf263/go-deb-version"
	rpm "github.com/knqyf263/go-rpm-version"
)

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		scheme Scheme
		a, b   string
		want   int
	}{
		{Semver, "1.2.3", "1.2.10", -1}, {Semver, "1.0.0-rc.1", "1.0.0", -1}, {Semver, "1.0.0-alpha.9", "1.0.0-alpha.10", -1},
		{Semver, "1.0.0+a", "1.0.0+b", 0}, {Semver, "1.0.0-a", "1.0.0-a", 0}, {Semver, "v2.0.0", "1.9.9", 1},
		{NPM, "1.2.3", "1.2.3-beta", 1}, {NPM, "10.0.0", "9.9.9", 1},
		{Maven, "1.0", "1.0.0", 0}, {Maven, "1.0-SNAPSHOT", "1.0", -1}, {Maven, "2.17.1", "2.15.0", 1}, {Maven, "1-alpha", "1-beta", -1},
		{PyPI, "1.0.dev1", "1.0a1", -1}, {PyPI, "1.0.post1", "1.0", 1}, {PyPI, "1!0.1", "2.0", 1}, {PyPI, "1.0", "1.0.0", 0},
		{RubyGems, "1.0.a", "1.0", -1}, {RubyGems, "1.0.10", "1.0.9", 1},
		{NuGet, "1.0.0.1", "1.0.0", 1}, {NuGet, "1.0.0-Beta", "1.0.0-beta", 0},
		{Go, "1.2.3", "v1.2.4", -1}, {Go, "v0.0.0-20200101000000-aaaaaaaaaaaa", "v0.0.0-20210101000000-aaaaaaaaaaaa", -1}, {Go, "1.21.0", "1.21.0-rc.2", 1},
		{Cargo, "0.9.9", "0.10.0", -1},
		{Deb, "1.0~rc1-1", "1.0-1", -1}, {Deb, "1:0.1", "2.0", 1}, {Deb, "1.0-1+deb9u1", "1.0-1", 1}, {Deb, "1.0", "1.0-0", 0}, {Deb, "1.10", "1.9", 1},
		{RPM, "1.0~beta", "1.0", -1}, {RPM, "1.0^git1", "1.0", 1}, {RPM, "1.0^git1", "1.0.1", -1}, {RPM, "1:1.0-1.el8", "2.0-1.el8", 1}, {RPM, "1.0.a", "1.0.1", -1},
		{APK, "1.2.3-r0", "1.2.3-r1", -1}, {APK, "1.2.3_alpha", "1.2.3", -1}, {APK, "1.2.3b", "1.2.3", 1}, {APK, "1.0_alpha", "1.0", -1}, {APK, "1.0_p1", "1.0", 1},
		{Bitnami, "1.2.3", "1.2.3-1", -1},
		{Generic, "8.0", "8.0.0", 0}, {Generic, "B.06.18", "B.05.30", 1}, {Generic, "4.1 SP1", "4.1", 1}, {Generic, "R4.1L1", "V4.1", 1}, {Generic, "2.0-beta", "2.0", -1},
		{Generic, "SP1", "SP2", -1}, {Generic, "Version 3.1", "3.2", -1}, {Generic, "2.4a", "2.4B", -1}, {Generic, "2020 R2", "2020 R1", 1}, {Generic, "15.2(4)EA7", "15.2(6)E2a", -1},
	} {
		for _, turn := range []struct {
			a, b string
			want int
		}{{c.a, c.b, c.want}, {c.b, c.a, -c.want}} {
			got, err := Compare(c.scheme, turn.a, turn.b)
			if err != nil || got != turn.want {
				t.Errorf("%s %s against %s: %d, %v, want %d", c.scheme, turn.a, turn.b, got, err, turn.want)
			}
		}
	}
}

func TestCompareRefuses(t *testing.T) {
	for _, c := range []struct {
		scheme Scheme
		a, b   string
	}{
		{Generic, "B.06", "6"}, {Generic, "2019-1", "3.2"}, {Generic, "L81", "U61"}, {Generic, "012U000040", "028U000061"}, {Generic, "1.003", "1.2"},
		{Generic, "4.1", "4.1 Build 3"}, {Generic, "GEH-1.1", "ABC-1.2"}, {Generic, "hello world", "1"}, {Git, "aaa", "bbb"}, {APK, "x!", "1"},
		{Deb, "", "1"}, {PyPI, "not a version", "1.0"}, {Scheme("other"), "1", "2"},
	} {
		if got, err := Compare(c.scheme, c.a, c.b); err == nil {
			t.Errorf("%s %q against %q: %d, want an error", c.scheme, c.a, c.b, got)
		}
	}
}

// The keys of dpkg and rpm must order as the two libraries do, and the fast path of the semver family as the slow one.
func TestKeysAgreeWithLibraries(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"1", "0", "10", "007", ".", ".", ".", "~", "+", "a", "rc", "b", "Z", "deb", "el8", "-", "git", "_"}
	word := func() string {
		s := fmt.Sprint(r.IntN(3))
		for n := r.IntN(7); n > 0; n-- {
			s += pieces[r.IntN(len(pieces))]
		}
		return s
	}
	apkPieces := []string{".1", ".2", ".10", ".05", ".0", "a", "b", "_alpha", "_rc1", "_rc2", "_p1", "_git20200101", "-r0", "-r1", "-r12"}
	apkWord := func() string {
		s := fmt.Sprint(1 + r.IntN(2))
		for n := r.IntN(5); n > 0; n-- {
			s += apkPieces[r.IntN(len(apkPieces))]
		}
		return s
	}
	// The library takes "1.0_alpha" for later than "1.0", as apk-tools 2 did by mistake.
	zeroThenSign := regexp.MustCompile(`\.0+[^0-9]`)
	tested, apks := 0, 0
	for range 60000 {
		a, b := word(), word()
		if x, err := deb.NewVersion(a); err == nil {
			if y, err := deb.NewVersion(b); err == nil {
				tested++
				want := cmp.Compare(x.Compare(y), 0)
				if got, err := Compare(Deb, a, b); err != nil || got != want {
					t.Fatalf("deb %s against %s: %d, %v, want %d", a, b, got, err, want)
				}
			}
		}
		want := rpm.NewVersion(a).Compare(rpm.NewVersion(b))
		if strings.Count(a, "-") > 1 || strings.Count(b, "-") > 1 { // rpm forbids a hyphen inside version and release
			continue
		}
		if got, err := Compare(RPM, a, b); err != nil || got != want {
			t.Fatalf("rpm %s against %s: %d, %v, want %d", a, b, got, err, want)
		}
		a, b = apkWord(), apkWord()
		if apk.Valid(a) && apk.Valid(b) && !zeroThenSign.MatchString(a) && !zeroThenSign.MatchString(b) {
			apks++
			if got, err := Compare(APK, a, b); err != nil || got != apk.Version(a).Compare(apk.Version(b)) {
				t.Fatalf("apk %s against %s: %d, %v", a, b, got, err)
			}
		}
		u, v := fmt.Sprintf("%d.%d.%d", r.IntN(3), r.IntN(12), r.IntN(3)), fmt.Sprintf("%d.%d.%d", r.IntN(3), r.IntN(12), r.IntN(3))
		if r.IntN(3) == 0 {
			u += "-rc." + fmt.Sprint(r.IntN(12))
		}
		if r.IntN(3) == 0 {
			v += "-rc." + fmt.Sprint(r.IntN(12))
		}
		for _, s := range []Scheme{Semver, NPM, Cargo, Go} {
			ku, err1 := ParseKey(s, u)
			kv, err2 := ParseKey(s, v)
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			if got, ok := ku.Compare(kv); !ok || got != ku.tree.Compare(kv.tree) {
				t.Fatalf("%s %s against %s: %d", s, u, v, got)
			}
		}
	}
	t.Logf("%d pairs of Debian and %d of Alpine versions", tested, apks)
}

func TestOrder(t *testing.T) {
	order := Order(Generic)
	if c, ok := order("1.2", "1.10"); !ok || c != -1 {
		t.Errorf("1.2 against 1.10: %d %t", c, ok)
	}
	if _, ok := order("B.1", "2"); ok {
		t.Error("a letter and a number must have no order")
	}
}

func TestSchemes(t *testing.T) {
	for in, want := range map[string]Scheme{"PyPI": PyPI, "Debian:12": Deb, "Red Hat:rhel_8": RPM, "Alpine:v3.19": APK, "crates.io": Cargo, "Go": Go, "Packagist": Composer} {
		if got, ok := SchemeOfEcosystem(in); !ok || got != want {
			t.Errorf("ecosystem %s: %s, %t", in, got, ok)
		}
	}
	for in, want := range map[string]Scheme{"golang": Go, "deb": Deb, "gem": RubyGems, "apk": APK, "alpm": RPM, "generic": Generic} {
		if got, ok := SchemeOfPurlType(in); !ok || got != want {
			t.Errorf("purl type %s: %s, %t", in, got, ok)
		}
	}
	for in, want := range map[string]Scheme{"semver": Semver, "python": PyPI, "git": Git, "rpm": RPM, "maven": Maven} {
		if got, ok := SchemeOfVersionType(in); !ok || got != want {
			t.Errorf("version type %s: %s, %t", in, got, ok)
		}
	}
	for _, in := range []string{"custom", "", "date"} {
		if got, ok := SchemeOfVersionType(in); ok || got != Generic {
			t.Errorf("version type %q: %s, %t", in, got, ok)
		}
	}
	if got, ok := SchemeOfEcosystem("GIT"); ok || got != Generic {
		t.Errorf("GIT: %s, %t", got, ok)
	}
}

func FuzzCompareGeneric(f *testing.F) {
	f.Add("1.2.3", "1.2.x", "B.06.18")
	f.Add("4.1 SP1", "4.1", "4.1 HF2")
	f.Add("012U000040", "17D19", "1.003")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		ka, err := ParseKey(Generic, a)
		if err != nil {
			return
		}
		kb, err := ParseKey(Generic, b)
		if err != nil {
			return
		}
		x, okX := ka.Compare(kb)
		y, okY := kb.Compare(ka)
		if okX != okY || x != -y {
			t.Fatalf("%q against %q is %d %t, turned around %d %t", a, b, x, okX, y, okY)
		}
		if z, ok := ka.Compare(ka); !ok || z != 0 {
			t.Fatalf("%q is not equal to itself", a)
		}
		if _, err := ParseKey(Deb, c); err == nil {
			_, _ = Compare(Deb, c, c)
		}
	})
}

var sink int

func BenchmarkCompare(b *testing.B) {
	for _, c := range []struct {
		scheme Scheme
		a, b   string
	}{
		{NPM, "4.17.20", "4.17.21"}, {Maven, "2.17.1", "2.15.0"}, {PyPI, "1.26.5", "1.26.18"}, {Deb, "1:2.30.2-1+deb11u2", "1:2.30.2-1+deb11u3"},
		{RPM, "1.1.1k-7.el8_6", "1.1.1k-9.el8_7"}, {APK, "3.1.4-r5", "3.1.4-r6"}, {Generic, "B.06.18", "B.05.30"}, {Generic, "12.2.1.5", "12.2.1.6"},
	} {
		b.Run(string(c.scheme), func(b *testing.B) {
			x, err := ParseKey(c.scheme, c.a)
			if err != nil {
				b.Fatal(err)
			}
			y, _ := ParseKey(c.scheme, c.b)
			b.ReportAllocs()
			for b.Loop() {
				c, _ := x.compare(&y)
				sink += c
			}
		})
	}
}

func BenchmarkRangeContains(b *testing.B) {
	r := ParseRange(">= 4.01 | <= 4.34")
	b.ReportAllocs()
	for b.Loop() {
		t, _ := r.Contains(Facts{Version: "4.12"})
		sink += int(t)
	}
}
