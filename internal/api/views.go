package api

import (
	"context"
	"net/http"

	"triward/apiv1"
	"triward/internal/people"
	"triward/internal/store"
)

func (s *Server) views() {
	add(s, op{id: "views", route: "GET /me/views", kind: signedIn, summary: "Saved views of one's own: list pages under filters"},
		func(ctx context.Context, in *struct{ apiv1.ViewQuery }) (apiv1.List[apiv1.View], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]people.View, error) { return people.Views(ctx, r, in.Path) })
			return list(all, wireView), err
		})
	add(s, op{id: "save-view", route: "POST /me/views", kind: people.KindSelfViewSaved, summary: "Save a view; one of the same page and name is replaced", status: http.StatusCreated},
		func(ctx context.Context, in *with[apiv1.ViewInput]) (apiv1.Made, error) {
			id, err := s.People.SaveView(ctx, people.View{Path: in.Body.Path, Name: in.Body.Name, Query: in.Body.Query})
			return apiv1.Made{ID: id}, err
		})
	act(s, op{id: "remove-view", route: "DELETE /me/views/{id}", kind: people.KindSelfViewRemoved, summary: "Remove a saved view"},
		func(ctx context.Context, in *one) error { return s.People.RemoveView(ctx, in.ID) })
}

func wireView(v people.View) apiv1.View {
	return apiv1.View{ID: v.ID, Saved: v.Saved, ViewInput: apiv1.ViewInput{Path: v.Path, Name: v.Name, Query: v.Query}}
}
