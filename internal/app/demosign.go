package app

import (
	"context"
	"time"

	"github.com/pquerna/otp/totp"

	"triward/internal/people"
	"triward/internal/signature"
	"triward/internal/store"
)

// demoSigner is the authenticator of a person of the demonstration while it is made.
type demoSigner struct {
	secret, session string
}

const (
	demoAddress = "192.0.2.20"
	demoAgent   = "Demonstration"
)

// factors are what a person of the story shows, as they would at the form: both components first, then the password.
func (d *demonstration) factors(ctx context.Context, login string) (signature.Factors, error) {
	s := d.signers[login]
	if s == nil {
		s = &demoSigner{}
		d.signers[login] = s
		if err := d.enrol(ctx, login, s); err != nil {
			return signature.Factors{}, err
		}
	}
	f := signature.Factors{SessionToken: s.session, Password: d.password, Address: demoAddress, Agent: demoAgent, Zone: "Europe/Berlin"}
	if _, _, err := d.people.Authenticate(ctx, s.session); err != nil {
		if err := d.enter(ctx, login, s); err != nil {
			return f, err
		}
		f.SessionToken = s.session
	}
	var n signature.Needs
	err := d.db.View(ctx, func(r store.Reader) (err error) {
		n, err = d.signer.Needs(ctx, r, f)
		return err
	})
	if err == nil && n.Both {
		f.Code, err = d.code(s)
	}
	return f, err
}

// enrol gives a person an authenticator and lets them acknowledge what a signature means.
func (d *demonstration) enrol(ctx context.Context, login string, s *demoSigner) error {
	if err := d.enter(ctx, login, s); err != nil {
		return err
	}
	e, err := d.people.EnrolTOTP(ctx)
	if err != nil {
		return err
	}
	s.secret = e.Secret
	code, err := d.code(s)
	if err != nil {
		return err
	}
	if _, err := d.people.ConfirmTOTP(ctx, code); err != nil {
		return err
	}
	f, err := d.factors(ctx, login)
	if err != nil {
		return err
	}
	_, err = d.signer.Acknowledge(ctx, f)
	return err
}

func (d *demonstration) enter(ctx context.Context, login string, s *demoSigner) error {
	c := people.Credentials{Login: login, Password: d.password, Address: demoAddress, Agent: demoAgent}
	if s.secret != "" {
		var err error
		if c.Code, err = d.code(s); err != nil {
			return err
		}
	}
	in, err := d.people.SignIn(ctx, c)
	s.session = in.Token
	return err
}

// code lets the time of a code pass, because each works once.
func (d *demonstration) code(s *demoSigner) (string, error) {
	d.clock.pause(30 * time.Second)
	return totp.GenerateCode(s.secret, d.clock.now())
}

// putDown removes the authenticators that nobody holds, so that visitors sign in with the password and enrol their own.
func (d *demonstration) putDown(ctx context.Context) error {
	for login := range d.signers {
		ctx := d.as(ctx, login)
		if err := d.people.DisableTOTP(ctx, d.password); err != nil {
			return err
		}
		if _, err := d.people.EndSessions(ctx, d.actors[login].ID, ""); err != nil {
			return err
		}
	}
	return nil
}
