package app

import (
	"triward/internal/app/qualification"
	"triward/internal/assurance/validation"
	"triward/internal/ledger"
)

// validation is what qualifies this installation and keeps the reports.
func (a *App) validation() (validation.Desk, error) {
	settings, err := a.Config.Print()
	if err != nil {
		return validation.Desk{}, err
	}
	i := qualification.Installation{Press: a.press, Ledger: ledger.Ledger{DB: a.db, Key: a.key}, Version: a.Version, Settings: settings,
		KeyFiles:  []string{a.Config.KeyFile, a.Config.stampKeyFile(), a.Config.sealKeyFile()},
		Encrypted: a.Config.TLSCertificate != "" || isHTTPS(a.Config.PublicURL) || loopbackOnly(a.Config.Listen), Followers: followers(a.db)}
	return validation.Desk{DB: a.db, Signer: a.signer, Parts: i.Parts, Checks: i.Checks}, nil
}
