package app

import (
	"crypto/x509"
	"strings"

	"triward/internal/people/mail"
	"triward/internal/problem"
)

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
