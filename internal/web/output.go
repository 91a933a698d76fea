package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"time"

	"triward/internal/device"
	"triward/internal/report"
	"triward/internal/store"
)

// json answers with data for a script of this site.
func (v *visit) json(data any) error {
	v.w.Header().Set("Content-Type", "application/json")
	return ignoreGone(json.NewEncoder(v.w).Encode(data))
}

// attach answers with a file to keep.
func (v *visit) attach(kind, name string) {
	h := v.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
}

// maxExport bounds an export: more rows are no sheet any more.
const maxExport = 500_000

// csv answers with a table. next gives a portion of rows and false after the last one; all portions are of one snapshot.
// Formulas are neutralised.
func (v *visit) csv(name string, header []string, next func(ctx context.Context, r store.Reader) (rows [][]string, more bool, err error)) error {
	sent := false
	out := &exporting{visit: v, name: name}
	w := csv.NewWriter(out)
	err := v.view(func(ctx context.Context, r store.Reader) error {
		for n := 0; n < maxExport; {
			rows, more, err := next(ctx, r)
			if err != nil {
				return err
			}
			if !sent { // the first portion is read before anything is promised
				v.attach("text/csv; charset=utf-8", name)
				sent = true
				if err := w.Write(device.Neutral(header)); err != nil {
					return err
				}
			}
			for _, row := range rows {
				if err := w.Write(device.Neutral(row)); err != nil {
					return err
				}
			}
			if n += len(rows); !more {
				break
			}
		}
		w.Flush()
		return w.Error()
	})
	out.end(err)
	if err != nil && sent {
		v.s.Log.Error("export broke off", "path", v.r.URL.Path, "error", err)
		return nil
	}
	return err
}

// exporting passes an answer on and, once it is long, lets it be found again as an activity. That is a service beside the
// export, so that its own failures are logged only.
type exporting struct {
	*visit
	name  string
	bytes int
	lines int
	kept  *report.Export
}

// longExport is from where on an export is kept: less is there at once.
const longExport = 256 << 10

func (e *exporting) Write(b []byte) (int, error) {
	n, err := e.w.Write(b)
	e.bytes += n
	e.lines += bytes.Count(b[:n], []byte{'\n'})
	ctx := e.r.Context()
	var told error
	switch {
	case e.bytes < longExport:
	case e.kept == nil:
		e.kept, told = e.s.Report.BeginExport(ctx, e.name)
	default:
		told = e.kept.Wrote(ctx, e.lines)
	}
	if told != nil {
		e.s.Log.Warn("export is not kept", "error", told)
	}
	return n, err
}

func (e *exporting) end(why error) {
	if e.kept == nil {
		return
	}
	if err := e.kept.End(e.r.Context(), e.lines, why); err != nil {
		e.s.Log.Warn("export is not kept", "error", err)
	}
}

// stamp is an instant in an export, "" when there is none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
