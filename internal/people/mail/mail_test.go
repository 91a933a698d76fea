package mail_test

import (
	"context"
	"io"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/people/mail"
	"triward/internal/people/mail/mailtest"
	"triward/internal/problem"
)

var at = time.Date(2026, 11, 28, 16, 0, 0, 0, time.UTC)

func letter() mail.Letter {
	return mail.Letter{To: "ada@hospital.example", Subject: "Two documents wait for you – today", Text: "SOP-14\n.a line with a dot\nMüller\n", At: at, Key: "digest 1"}
}

func open(t *testing.T, c mail.Config) *mail.Server {
	t.Helper()
	if c.From == "" {
		c.From = "Triward <triward@hospital.example>"
	}
	s, err := mail.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLetterArrives(t *testing.T) {
	for name, c := range map[string]struct {
		o           mailtest.Options
		scheme, end string
		tls         bool
	}{
		"STARTTLS with a login":        {o: mailtest.Options{Login: "triward", Password: "over the hills"}, scheme: "smtp://triward@", tls: true},
		"TLS from the start":           {o: mailtest.Options{Implicit: true, Login: "triward", Password: "over the hills"}, scheme: "smtps://triward@", tls: true},
		"this machine without TLS":     {o: mailtest.Options{NoTLS: true}, scheme: "smtp://"},
		"in the clear, on being asked": {scheme: "smtp://", end: "?tls=off"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := mailtest.Start(t, c.o)
			s := open(t, mail.Config{URL: c.scheme + srv.Address + c.end, Password: c.o.Password, Roots: srv.Roots})
			if err := s.Send(t.Context(), letter()); err != nil {
				t.Fatal(err)
			}
			got := srv.Taken()
			if len(got) != 1 || got[0].TLS != c.tls || got[0].Login != c.o.Login {
				t.Fatalf("taken: %+v", got)
			}
			m, err := netmail.ReadMessage(strings.NewReader(string(got[0].Body)))
			if err != nil {
				t.Fatal(err)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
			if err != nil {
				t.Fatal(err)
			}
			date, err := m.Header.Date()
			if err != nil {
				t.Fatal(err)
			}
			l := letter()
			if diff := cmp.Diff([]string{"triward@hospital.example", l.To, `"Triward" <triward@hospital.example>`, "<" + l.To + ">", l.Subject, l.Text, l.At.Format(time.RFC3339), "auto-generated"},
				[]string{got[0].From, got[0].To, m.Header.Get("From"), m.Header.Get("To"), subject, strings.ReplaceAll(string(text), "\r\n", "\n"), date.UTC().Format(time.RFC3339), m.Header.Get("Auto-Submitted")}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSameKeyHasOneMessageID(t *testing.T) {
	srv := mailtest.Start(t, mailtest.Options{})
	s := open(t, mail.Config{URL: "smtp://" + srv.Address, Roots: srv.Roots})
	again, other := letter(), letter()
	again.Text, other.To = "said again", "bob@hospital.example"
	for _, l := range []mail.Letter{letter(), again, other} {
		if err := s.Send(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	var ids []string
	for _, x := range srv.Taken() {
		m, err := netmail.ReadMessage(strings.NewReader(string(x.Body)))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, m.Header.Get("Message-ID"))
	}
	if len(ids) != 3 || ids[0] != ids[1] || ids[0] == ids[2] {
		t.Errorf("message ids: %q", ids)
	}
}

func TestHeadersCannotBeInjected(t *testing.T) {
	srv := mailtest.Start(t, mailtest.Options{})
	s := open(t, mail.Config{URL: "smtp://" + srv.Address, Roots: srv.Roots})
	for name, change := range map[string]func(*mail.Letter){
		"header in subject":      func(l *mail.Letter) { l.Subject = "x\r\nBcc: eve@evil.example" },
		"line feed in subject":   func(l *mail.Letter) { l.Subject = "x\nBcc: eve@evil.example" },
		"next line in subject":   func(l *mail.Letter) { l.Subject = "x\u0085y" },
		"command in address":     func(l *mail.Letter) { l.To = "a@b.example>\r\nRCPT TO:<eve@evil.example" },
		"two addresses":          func(l *mail.Letter) { l.To = "a@b.example, eve@evil.example" },
		"name with address":      func(l *mail.Letter) { l.To = "Eve <eve@evil.example>" },
		"quoted local part":      func(l *mail.Letter) { l.To = `"a b"@b.example` },
		"no address":             func(l *mail.Letter) { l.To = "" },
		"not ASCII":              func(l *mail.Letter) { l.To = "ä@b.example" },
		"no subject":             func(l *mail.Letter) { l.Subject = "" },
		"long subject":           func(l *mail.Letter) { l.Subject = strings.Repeat("x", 201) },
		"long text":              func(l *mail.Letter) { l.Text = strings.Repeat("x", 256<<10+1) },
		"bare carriage return":   func(l *mail.Letter) { l.Text = "a\r.\rb" },
		"escape sequence":        func(l *mail.Letter) { l.Text = "\x1b[31m" },
		"text that is not UTF-8": func(l *mail.Letter) { l.Text = "\xff" },
		"without a time":         func(l *mail.Letter) { l.At = time.Time{} },
	} {
		t.Run(name, func(t *testing.T) {
			l := letter()
			change(&l)
			if err := s.Send(t.Context(), l); problem.KindOf(err) != problem.Invalid {
				t.Errorf("got %v", err)
			}
		})
	}
	if got := srv.Taken(); len(got) != 0 {
		t.Errorf("taken: %+v", got)
	}
	t.Run("a dot does not end the letter", func(t *testing.T) {
		l := letter()
		l.Text = "before\n.\nRCPT TO:<eve@evil.example>\n.\nafter"
		if err := s.Send(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		if got := srv.Taken(); len(got) != 1 || !strings.Contains(string(got[0].Body), "after") || got[0].To != l.To {
			t.Errorf("taken: %+v", got)
		}
	})
}

func TestNothingInTheClear(t *testing.T) {
	t.Run("certificate of somebody else", func(t *testing.T) {
		srv, other := mailtest.Start(t, mailtest.Options{}), mailtest.Start(t, mailtest.Options{})
		s := open(t, mail.Config{URL: "smtp://" + srv.Address, Roots: other.Roots})
		refused(t, srv, s, problem.Unavailable)
	})
	t.Run("no password without TLS", func(t *testing.T) {
		srv := mailtest.Start(t, mailtest.Options{NoTLS: true, Login: "triward", Password: "over the hills"})
		s := open(t, mail.Config{URL: "smtp://triward@" + srv.Address, Password: "over the hills", Roots: srv.Roots})
		refused(t, srv, s, problem.Unavailable)
	})
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		o    mailtest.Options
		want problem.Kind
	}{
		"wrong password":     {mailtest.Options{Login: "triward", Password: "another"}, problem.Unavailable},
		"no such mailbox":    {mailtest.Options{Login: "triward", Password: "over the hills", Answers: map[string]string{"RCPT": "550 5.1.1 no such mailbox"}}, problem.Invalid},
		"try again later":    {mailtest.Options{Login: "triward", Password: "over the hills", Answers: map[string]string{"RCPT": "451 4.7.1 greylisted"}}, problem.Unavailable},
		"refused after text": {mailtest.Options{Login: "triward", Password: "over the hills", Answers: map[string]string{"DATA": "554 no"}}, problem.Invalid},
		"endless answer":     {mailtest.Options{Login: "triward", Password: "over the hills", Answers: map[string]string{"EHLO": strings.Repeat("250-"+strings.Repeat("x", 500)+"\r\n", 2000) + "250 end"}}, problem.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			srv := mailtest.Start(t, c.o)
			s := open(t, mail.Config{URL: "smtp://triward@" + srv.Address, Password: "over the hills", Roots: srv.Roots})
			refused(t, srv, s, c.want)
		})
	}
	t.Run("a server that says nothing", func(t *testing.T) {
		srv := mailtest.Start(t, mailtest.Options{Silent: true})
		s := open(t, mail.Config{URL: "smtp://" + srv.Address, Roots: srv.Roots})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := s.Send(ctx, letter()); problem.KindOf(err) != problem.Unavailable {
			t.Errorf("got %v", err)
		}
	})
}

func refused(t *testing.T, srv *mailtest.Server, s *mail.Server, want problem.Kind) {
	t.Helper()
	err := s.Send(t.Context(), letter())
	if problem.KindOf(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err != nil && (strings.Contains(err.Error(), "over the hills") || strings.Contains(err.Error(), "SOP-14")) {
		t.Errorf("the error says too much: %v", err)
	}
	if got := srv.Taken(); len(got) != 0 {
		t.Errorf("taken: %+v", got)
	}
}

func TestConfigIsChecked(t *testing.T) {
	from := "triward@hospital.example"
	for name, c := range map[string]mail.Config{
		"no address":            {From: from},
		"another scheme":        {URL: "http://mail.example", From: from},
		"password in address":   {URL: "smtp://a:b@mail.example", From: from, Password: "b"},
		"login without":         {URL: "smtp://a@mail.example", From: from},
		"password without":      {URL: "smtp://mail.example", From: from, Password: "b"},
		"login in the clear":    {URL: "smtp://a@mail.example?tls=off", From: from, Password: "b"},
		"unknown option":        {URL: "smtp://mail.example?starttls=no", From: from},
		"option of another":     {URL: "smtps://mail.example?tls=off", From: from},
		"path":                  {URL: "smtp://mail.example/x", From: from},
		"no sender":             {URL: "smtp://mail.example"},
		"sender with a header":  {URL: "smtp://mail.example", From: "a@b.example\r\nBcc: c@d.example"},
		"two senders":           {URL: "smtp://mail.example", From: "a@b.example, c@d.example"},
		"sender without domain": {URL: "smtp://mail.example", From: "triward"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := mail.Open(c); problem.KindOf(err) != problem.Invalid {
				t.Errorf("got %v", err)
			}
		})
	}
}
