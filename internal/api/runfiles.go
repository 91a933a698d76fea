package api

import (
	"context"
	"errors"
	"io"

	"triward/apiv1"
	"triward/internal/blob"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/signature"
	"triward/internal/store"
)

// maxEvidence bounds one file of evidence, in bytes.
const maxEvidence = 50 << 20

// runFiles are the operations about files of runs. A step takes one file by this door, and more as attachments.
func (s *Server) runFiles() {
	any := []string{"application/octet-stream"}
	act(s, op{id: "attach-run-file", route: "POST /runs/{id}/files", kind: procedure.KindNoted, upload: maxEvidence, accepts: any, summary: "Add a file to a run or to one of its steps"},
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"200"`
			apiv1.RunAttachment
			File sentFile
		}) error {
			f, err := s.keepEvidence(ctx, in.Name, in.File)
			if err != nil {
				return err
			}
			return s.Runs.Note(ctx, in.ID, procedure.Note{Step: in.Step, Text: in.Text, Files: []procedure.File{f}})
		})
	act(s, op{id: "do-step-with-file", route: "POST /runs/{id}/steps/{step}/file", kind: procedure.KindStepRecorded + "|" + procedure.KindStepDeviated, upload: maxEvidence, accepts: any,
		summary: "Settle a step as done with a file as its evidence"},
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"200"`
			Step string `path:"step" maxLength:"60"`
			apiv1.StepEvidence
			File sentFile
		}) error {
			f, err := s.keepEvidence(ctx, in.Name, in.File)
			if err != nil {
				return err
			}
			return s.Runs.Do(ctx, in.ID, procedure.Act{Step: in.Step, Value: in.Value, Note: in.Note, Instead: in.Instead, Reason: in.Reason, Files: []procedure.File{f}}, signature.Factors{})
		})
	stream(s, op{id: "run-file", route: "GET /runs/{id}/files/{item}", kind: procedure.KindRead, summary: "A file of a run"}, "application/octet-stream", s.runFile)
}

// keepEvidence keeps a file that was sent.
func (s *Server) keepEvidence(ctx context.Context, name string, sent sentFile) (f procedure.File, err error) {
	k, err := sent.keep(maxEvidence)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, k.close()) }()
	from, err := k.reader()
	if err != nil {
		return f, err
	}
	digest, n, err := s.Library.Blobs.Put(ctx, from, maxEvidence)
	return procedure.File{Digest: string(digest), Name: name, Size: n}, err
}

type fileOfRun struct {
	ID   string `path:"id" maxLength:"200"`
	Item string `path:"item" maxLength:"64" doc:"Id of the item that has the file"`
}

func (s *Server) runFile(ctx context.Context, in *fileOfRun, w io.Writer) error {
	digest, err := read(ctx, s, func(r store.Reader) (string, error) {
		x, err := procedure.Get(ctx, r, in.ID)
		if err != nil {
			return "", err
		}
		for _, i := range x.Items {
			if i.ID == in.Item && i.File.Digest != "" {
				return i.File.Digest, nil
			}
		}
		return "", problem.New(problem.NotFound, "the run has no such file")
	})
	if err != nil {
		return err
	}
	b, err := s.Library.Blobs.Get(ctx, blob.Digest(digest))
	if err != nil {
		return err
	}
	defer b.Close()
	_, err = io.Copy(w, b)
	return err
}
