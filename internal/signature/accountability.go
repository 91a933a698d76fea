package signature

import (
	"context"

	"triward/internal/problem"
	"triward/internal/store"
)

// AccountabilityDocument is the code of the policy that holds people accountable for what is signed in their name.
const AccountabilityDocument = "POL-09"

// Accountability is what everybody acknowledges, by signing it, before their first signature (21 CFR 11.10(j)). The policy
// POL-09 says the same at length; a signed acknowledgement of one of its revisions counts as well.
const Accountability = `My signature in Triward binds me as one by my own hand does.

I sign only what I have read, and I say with each signature what I mean by it.
I am accountable for everything that is signed with my means of signing in.
I keep my password, authenticator and security key to myself, and lend them to nobody, in an emergency either.
When I lose one of them, or suspect that somebody knows it, I revoke it and report it to the security unit at once.
I know that a signature in somebody else's name is a forgery, and that the journal shows who acted, when and from where.
`

// AccountabilityRecord is the text as a record to sign.
func AccountabilityRecord() Record {
	sum := digest([]byte(Accountability))
	return Record{Kind: "accountability", ID: "accountability-1", Document: AccountabilityDocument, Title: "Accountability for electronic signatures",
		Content: sum, Displayed: sum}
}

// Acknowledge signs the accountability for electronic signatures. Conflict when the signer did so before.
func (s *Signer) Acknowledge(ctx context.Context, f Factors) (Signature, error) {
	p, err := s.Verify(ctx, f)
	if err != nil {
		return Signature{}, err
	}
	var sig Signature
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		done, err := acknowledged(ctx, tx, tx.Actor().ID)
		if err != nil {
			return err
		}
		if done {
			return problem.New(problem.Conflict, "you acknowledged this already")
		}
		sig, err = s.SignTx(ctx, tx, p, AccountabilityRecord(), Act{Meaning: Acknowledgement})
		return err
	})
	return sig, err
}

// accountable is Forbidden for an account that has not acknowledged what its signature means.
func accountable(ctx context.Context, r store.Reader, account string) error {
	ok, err := acknowledged(ctx, r, account)
	if err != nil || ok {
		return err
	}
	return problem.New(problem.Forbidden, "acknowledge first what your signature means (%s)", AccountabilityDocument)
}

func acknowledged(ctx context.Context, r store.Reader, account string) (bool, error) {
	var done bool
	err := r.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM signature WHERE account = $1 AND document = $2 AND meaning = $3)`,
		account, AccountabilityDocument, string(Acknowledgement)).Scan(&done)
	return done, err
}
