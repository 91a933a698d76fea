package timeline

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"triward/internal/problem"
	"triward/internal/store"
)

// cursor is where a page ended. It belongs to one list in one order.
type cursor struct {
	At      int64       `json:"a"`
	Key     string      `json:"k"`
	Order   store.Order `json:"o,omitempty"`
	Undated bool        `json:"u,omitempty"`
	Told    bool        `json:"t,omitempty"`
}

// maxCursor bounds the text of a cursor.
const maxCursor = 600

var errCursor = problem.New(problem.Invalid, "the mark of the page cannot be read, or belongs to another list")

func (c cursor) String() string {
	b, err := json.Marshal(c)
	if err != nil {
		return "" // it holds nothing that JSON cannot say
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// cursorOf reads the mark of a query; nil when it begins at the first entry.
func cursorOf(q Query) (*cursor, error) {
	if q.After == "" {
		return nil, nil
	}
	if len(q.After) > maxCursor {
		return nil, errCursor
	}
	b, err := base64.RawURLEncoding.DecodeString(q.After)
	if err != nil {
		return nil, errCursor
	}
	var c cursor
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if d.Decode(&c) != nil || d.More() || c.Key == "" || c.Order != q.Order || c.Undated != q.Undated || c.Told != q.Told {
		return nil, errCursor
	}
	return &c, nil
}
