package api

import (
	"context"

	"triward/apiv1"
	"triward/internal/people"
	"triward/internal/report"
	"triward/internal/store"
)

func (s *Server) notices() {
	add(s, op{id: "notices", route: "GET /me/notices", kind: signedIn, summary: "What concerns the one who asks, the newest first"},
		func(ctx context.Context, _ *none) (apiv1.List[apiv1.Notice], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]report.Notice, error) { return s.Report.Notices(ctx, r) })
			return list(all, wireNotice), err
		})
	act(s, op{id: "read-notices", route: "POST /me/notices/read", kind: people.KindSelfNoticesRead, summary: "Remember that notices were read"},
		func(ctx context.Context, in *with[apiv1.NoticesRead]) error {
			return s.Report.MarkRead(ctx, in.Body.Keys)
		})
	add(s, op{id: "activity", route: "GET /activity", kind: signedIn, summary: "Background work that runs or ended in the last seven days"},
		func(ctx context.Context, _ *none) (apiv1.List[apiv1.Activity], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]report.Activity, error) { return s.Report.Activities(ctx, r) })
			return list(all, wireActivity), err
		})
}

func wireNotice(n report.Notice) apiv1.Notice {
	return apiv1.Notice{Key: n.Key, Kind: n.Kind, Title: n.Title, Detail: n.Detail, Subject: n.Subject, At: n.At, Urgent: n.Urgent, Read: n.Read}
}

func wireActivity(a report.Activity) apiv1.Activity {
	return apiv1.Activity{ID: a.ID, Kind: a.Kind, Title: a.Title, By: a.By, State: string(a.State), Done: a.Done, Total: a.Total, Result: a.Result, Subject: a.Subject,
		Started: a.Started, Ended: a.Ended}
}
