package api

import (
	"context"
	"io"

	"triward/apiv1"
	"triward/internal/document"
	"triward/internal/people"
	"triward/internal/people/passkey"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

const readSignatures = document.KindRead + "|journal.read"

func (s *Server) signatures() {
	add(s, op{id: "signatures", route: "GET /signatures", kind: readSignatures, summary: "Signatures on a record, the oldest first"},
		func(ctx context.Context, in *struct{ apiv1.SignatureQuery }) (apiv1.List[apiv1.Signature], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]signature.Signature, error) { return signature.Of(ctx, r, in.Record) })
			return list(all, wireSignature), err
		})
	stream(s, op{id: "signature-file", route: "GET /signatures/{id}/file", kind: readSignatures, summary: "A signature with its proof, to be checked offline"}, "application/json",
		func(ctx context.Context, in *one, w io.Writer) error {
			b, err := s.Signer.Export(ctx, in.ID)
			if err != nil {
				return err
			}
			_, err = w.Write(b)
			return err
		})
	add(s, op{id: "check-signature", route: "GET /signatures/{id}/check", kind: readSignatures, summary: "Check a signature: statement, seal, time stamp and journal"}, s.checkSignature)
	add(s, op{id: "person-identity", route: "GET /accounts/{id}/identity", kind: people.KindRead, summary: "Who verified who a person is, and whether it holds"},
		func(ctx context.Context, in *one) (apiv1.PersonIdentity, error) {
			i, err := read(ctx, s, func(r store.Reader) (signature.Identity, error) { return signature.IdentityOf(ctx, r, in.ID) })
			return apiv1.PersonIdentity{Valid: i.Valid(), Why: i.Why, Name: i.Name, How: string(i.How), Evidence: i.Evidence, VerifiedBy: i.VerifiedBy, VerifierName: i.VerifierName, At: i.At}, err
		})
	add(s, op{id: "passkeys", route: "GET /accounts/{id}/passkeys", kind: people.KindRead, summary: "Passkeys of an account, the oldest first"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Passkey], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]passkey.Passkey, error) { return people.Passkeys(ctx, r, in.ID) })
			return list(all, func(k passkey.Passkey) apiv1.Passkey {
				return apiv1.Passkey{ID: k.ID, Name: k.Name, Created: k.Created, Used: k.Used, Revoked: k.Revoked, Synced: k.Synced}
			}), err
		})
	act(s, op{id: "revoke-passkey", route: "DELETE /accounts/{id}/passkeys/{key}", kind: passkey.KindRevokedOthers, summary: "End a passkey of an account, such as a lost one"},
		func(ctx context.Context, in *struct {
			ID  string `path:"id" maxLength:"200"`
			Key string `path:"key" maxLength:"200"`
		}) error {
			return s.People.RevokePasskeyOf(ctx, in.ID, in.Key)
		})
}

func (s *Server) checkSignature(ctx context.Context, in *one) (apiv1.SignatureCheck, error) {
	text, err := s.Signer.Export(ctx, in.ID)
	if err != nil {
		return apiv1.SignatureCheck{}, err
	}
	e, err := signature.ReadExport(text)
	var sig signature.Signature
	if err == nil {
		sig, err = e.Check(s.Signer.Keys())
	}
	if err != nil {
		return apiv1.SignatureCheck{Fault: problem.Text(err)}, nil
	}
	out := wireSignature(sig)
	return apiv1.SignatureCheck{Valid: true, Signature: &out}, nil
}

func wireSignature(v signature.Signature) apiv1.Signature {
	return apiv1.Signature{ID: v.ID, Record: v.Record.ID, RecordKind: v.Record.Kind, Document: v.Record.Document, Revision: v.Record.Revision, Title: v.Record.Title,
		Content: v.Record.Content, Rendition: v.Record.Rendition, Displayed: v.Record.Displayed, Meaning: string(v.Act.Meaning), Reason: v.Act.Reason,
		Function: v.Act.Function, DelegateOf: v.Act.DelegateOf, Signer: v.Signer, Name: v.Name, At: v.At, Zone: v.Zone, Offset: v.Offset,
		Methods: orEmpty(v.Methods), Statement: v.Digest, Entry: v.Seq}
}
