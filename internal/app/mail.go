package app

import (
	"context"
	"crypto/x509"
	"strings"
	"time"

	"triward/internal/people/mail"
	"triward/internal/problem"
	"triward/internal/report"
	"triward/internal/report/digest"
)

// notices are what concerns people, with what the packages below cannot know.
func (a *App) notices() report.Desk {
	return report.Desk{DB: a.db, Sources: []report.Source{a.validationDue(a.validation())}}
}

// digests sends the letters of the day in their hour, by the clock of the machine.
func (a *App) digests(ctx context.Context) error {
	if a.db.Now().In(time.Local).Hour() != a.Config.DigestHour {
		return nil
	}
	n, err := digest.Worker{DB: a.db, Notices: a.notices(), Send: a.mail.Send, URL: a.Config.PublicURL}.Run(ctx)
	if n > 0 {
		a.Log.Info("people were told by mail what waits for them", "letters", n)
	}
	return err
}

// mail is the server that takes letters; nil when there is none.
func (c Config) mail() (*mail.Server, error) {
	if c.SMTPURL == "" {
		return nil, nil
	}
	m := mail.Config{URL: c.SMTPURL, From: c.SMTPFrom}
	if c.SMTPPassword != "" {
		body, err := readSmall(c.SMTPPassword)
		if err != nil {
			return nil, problem.About(err, "read the password of the mail server %s", c.SMTPPassword)
		}
		m.Password = strings.TrimSpace(string(body))
	}
	if c.SMTPCertFile != "" {
		body, err := readSmall(c.SMTPCertFile)
		if err != nil {
			return nil, problem.About(err, "read the certificates of the mail server %s", c.SMTPCertFile)
		}
		m.Roots = x509.NewCertPool()
		if !m.Roots.AppendCertsFromPEM(body) {
			return nil, problem.New(problem.Invalid, "%s holds no certificate in PEM", c.SMTPCertFile)
		}
	}
	return mail.Open(m)
}
