package app

import (
	"context"
	"fmt"

	"triward/internal/app/qualification"
	"triward/internal/assurance/validation"
	"triward/internal/ledger"
	"triward/internal/problem"
	"triward/internal/report"
)

// validation is what qualifies this installation and keeps the reports.
func (a *App) validation() validation.Desk {
	i := qualification.Installation{Press: a.press, Ledger: ledger.Ledger{DB: a.db, Key: a.key}, Version: a.Version, Settings: a.Config.Print,
		KeyFiles:  []string{a.Config.KeyFile, a.Config.stampKeyFile(), a.Config.sealKeyFile()},
		Encrypted: a.Config.TLSCertificate != "" || isHTTPS(a.Config.PublicURL) || loopbackOnly(a.Config.Listen), Followers: followers(a.db)}
	return validation.Desk{DB: a.db, Signer: a.signer, Parts: i.Parts, Checks: i.Checks}
}

// validationDue tells who may sign that the installation is not what was released.
func (a *App) validationDue(d validation.Desk) report.Source {
	return report.Source{Kind: "validation_due", Needs: validation.KindVerified + "|" + validation.KindApproved, Read: func(ctx context.Context, q report.Asked) ([]report.Notice, error) {
		base, err := validation.LastApproved(ctx, q)
		if problem.KindOf(err) == problem.NotFound {
			return nil, nil // who does not validate is not asked to
		}
		if err != nil {
			return nil, err
		}
		parts, err := d.Parts(ctx)
		if err != nil {
			return nil, err
		}
		n := len(validation.Compare(base.Parts, parts))
		if n == 0 {
			return nil, nil
		}
		return []report.Notice{{Key: fmt.Sprintf("%s %d", base.ID, n), Title: "The installation is not what was released for use", At: base.At, Urgent: true, Subject: "validation",
			Detail: fmt.Sprintf("%d parts changed since validation report %d. Run the checks and let two people sign.", n, base.Number)}}, nil
	}}
}
