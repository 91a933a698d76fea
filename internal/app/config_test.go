package app

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"triward/internal/problem"
)

func TestBadConfigurationNamesFileAndPlace(t *testing.T) {
	good := "listen = \"127.0.0.1:9\"\nroles = [\"web\", \"work\"]\nsession_idle = 30\nsecurity_mail = \"m\u00fcller@n.example\"\n"
	deep := strings.Repeat("[", 8_000)
	place := regexp.MustCompile(`line \d+|\b(listen|extra|extra\.deeper|roles|session_idle|database)\b`)
	for as, body := range map[string]string{
		"cut in a string":  good[:12],
		"UTF-16":           "\xff\xfel\x00i\x00s\x00t\x00e\x00n\x00",
		"Latin-1":          strings.ReplaceAll(good, "\u00fc", "\xfc"),
		"a NUL byte":       strings.ReplaceAll(good, "\u00fc", "\x00"),
		"a picture":        "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
		"deep arrays":      "roles = " + deep,
		"closed arrays":    "roles = " + deep + strings.ReplaceAll(deep, "[", "]"),
		"deep tables":      "extra = " + strings.Repeat("{a = ", 2_500) + "1" + strings.Repeat("}", 2_500),
		"a key twice":      good + "listen = \"x\"\n",
		"a wrong type":     strings.ReplaceAll(good, "30", "\"30\""),
		"a list of tables": strings.ReplaceAll(good, `["web", "work"]`, "[{a = 1}]"),
		"a large number":   strings.ReplaceAll(good, "30", "99999999999999999999"),
		"a wrong number":   strings.ReplaceAll(good, "30", "-1"),
		"an unknown key":   good + "extra = 1\n",
		"an unknown table": good + "[extra]\ndeeper = 1\n",
		"JSON":             `{"listen": "127.0.0.1:9"}`,
	} {
		file := filepath.Join(t.TempDir(), "triward.toml")
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := LoadConfig(file, "data", nil)
		if problem.KindOf(err) != problem.Invalid || !place.MatchString(strings.ReplaceAll(err.Error(), file, "")) || len(err.Error()) > 2000 {
			t.Errorf("%s: error of kind %q, %.300v", as, problem.KindOf(err), err)
		}
		if as != "a wrong number" && err != nil && !strings.Contains(err.Error(), file) { // a value may come from the environment too
			t.Errorf("%s: the error does not name the file: %v", as, err)
		}
	}
}

func TestLargeConfigurationIsNotRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "triward.toml")
	if err := os.WriteFile(file, []byte("listen = \"127.0.0.1:9\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadConfig(file, "data", nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, 1<<30); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadConfig(file, "data", nil); problem.KindOf(err) != problem.Invalid || !strings.Contains(err.Error(), "larger than 16 KiB") || !strings.Contains(err.Error(), file) {
		t.Errorf("%v", err)
	}
	if _, err := LoadConfig("", "data", []string{"TRIWARD_DATABASE_FILE=" + file}); problem.KindOf(err) != problem.Invalid || !strings.Contains(err.Error(), file) {
		t.Errorf("%v", err)
	}
	if _, err := LoadConfig(file+".none", "data", nil); problem.KindOf(err) != problem.NotFound || !strings.Contains(err.Error(), "triward.toml.none") {
		t.Errorf("%v", err)
	}
}

func TestMailServerIsConfigured(t *testing.T) {
	dir := t.TempDir()
	secret, roots := filepath.Join(dir, "secret"), filepath.Join(dir, "roots.pem")
	for file, text := range map[string]string{secret: "over the hills\n", roots: "no certificate"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	from := "triward@hospital.example"
	if m, err := (Config{}).mail(); m != nil || err != nil {
		t.Errorf("without an address: %v, %v", m, err)
	}
	if m, err := (Config{SMTPURL: "smtp://triward@mail.example", SMTPFrom: from, SMTPPassword: secret}).mail(); m == nil || err != nil {
		t.Errorf("well configured: %v", err)
	}
	for name, c := range map[string]Config{
		"no password file":           {SMTPURL: "smtp://triward@mail.example", SMTPFrom: from},
		"file without a certificate": {SMTPURL: "smtp://mail.example", SMTPFrom: from, SMTPCertFile: roots},
		"no sender":                  {SMTPURL: "smtp://mail.example"},
	} {
		if _, err := c.mail(); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (Config{SMTPURL: "smtp://triward@mail.example", SMTPFrom: from, SMTPPassword: secret + ".none"}).mail(); problem.KindOf(err) != problem.NotFound {
		t.Errorf("missing file: %v", err)
	}
}
