package custody

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"triward/internal/problem"
	"triward/internal/store"
)

// Span is a stretch of an item's content in bytes. Ends is exclusive, 0 is the end; the zero Span is all of it.
type Span struct{ Begins, Ends int64 }

// fit puts the end of a stretch into a content of so many bytes; Invalid when it begins behind it.
func (s Span) fit(size int64) (Span, error) {
	if s.Ends == 0 || s.Ends > size {
		s.Ends = size
	}
	if s.Begins < 0 || s.Begins > s.Ends || s.Begins > 0 && s.Begins == s.Ends {
		return s, problem.New(problem.Invalid, "the content has %d bytes: there is nothing from byte %d on", size, s.Begins)
	}
	return s, nil
}

// OpenSpan reads a stretch of the content of an item, as a download that was cut short goes on. That it is read, which part,
// by whom and why is an entry before the first byte.
func (v Vault) OpenSpan(ctx context.Context, item, reason string, span Span) (Item, io.ReadCloser, error) {
	var out Item
	err := v.do(ctx, item, KindAccessed, func(_ *store.Tx, s step) (Entry, error) {
		if err := s.item.must(OpRead); err != nil {
			return Entry{}, err
		}
		if reason = strings.TrimSpace(reason); reason == "" {
			return Entry{}, because()
		}
		var err error
		if span, err = span.fit(s.item.Size); err != nil {
			return Entry{}, err
		}
		if span.Begins > 0 || span.Ends < s.item.Size {
			reason += fmt.Sprintf(" (bytes %d to %d of %d)", span.Begins, span.Ends, s.item.Size)
		}
		out = *s.item
		return Entry{Action: Accessed, Reason: reason}, nil
	})
	if err != nil {
		return out, nil, err
	}
	_, ps, err := v.read(ctx, item)
	if err != nil {
		return out, nil, err
	}
	for len(ps) > 0 && ps[0].begins+ps[0].size <= span.Begins {
		ps = ps[1:]
	}
	content := v.content(ctx, item, ps)
	if len(ps) > 0 { // a part is encrypted as a whole
		if _, err := io.CopyN(io.Discard, content, span.Begins-ps[0].begins); err != nil {
			return out, nil, errors.Join(err, content.Close())
		}
	}
	return out, stretch{io.LimitReader(content, span.Ends-span.Begins), content}, nil
}

// stretch is a part of a content.
type stretch struct {
	io.Reader
	io.Closer
}
