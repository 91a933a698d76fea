package client

import (
	"context"
	"io"

	"triward/apiv1"
)

// Documents reads a page of documents, by code.
func (c *Client) Documents(ctx context.Context, q apiv1.DocumentQuery) (apiv1.Page[apiv1.Document], error) {
	return get[apiv1.Page[apiv1.Document]](ctx, c, call{method: "GET", path: "/documents", query: q})
}

// Document reads a document by its code, with what stands around it.
func (c *Client) Document(ctx context.Context, code string) (apiv1.DocumentShown, error) {
	return get[apiv1.DocumentShown](ctx, c, call{method: "GET", path: at("/documents/{}", code)})
}

// AddDocument adds a document with the draft of its first revision, whose id it answers with.
func (c *Client) AddDocument(ctx context.Context, in apiv1.DocumentInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/documents", body: in})
}

// Effective reads the revision of a document that is or was in force.
func (c *Client) Effective(ctx context.Context, code string, q apiv1.EffectiveQuery) (apiv1.Revision, error) {
	return get[apiv1.Revision](ctx, c, call{method: "GET", path: at("/documents/{}/effective", code), query: q})
}

// Revisions reads the revisions of a document, the newest first.
func (c *Client) Revisions(ctx context.Context, code string) (apiv1.List[apiv1.Revision], error) {
	return get[apiv1.List[apiv1.Revision]](ctx, c, call{method: "GET", path: at("/documents/{}/revisions", code)})
}

// OpenRevision begins the next revision of a document.
func (c *Client) OpenRevision(ctx context.Context, code string, in apiv1.RevisionInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/documents/{}/revisions", code), body: in})
}

// PrepareTemporary begins a temporary instruction.
func (c *Client) PrepareTemporary(ctx context.Context, code string, in apiv1.TemporaryInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/documents/{}/temporary", code), body: in})
}

// ClassifyDocument says which device files a document belongs to.
func (c *Client) ClassifyDocument(ctx context.Context, code string, in apiv1.DocumentClasses) error {
	return act(ctx, c, call{method: "PUT", path: at("/documents/{}/classes", code), body: in})
}

// Revision reads a revision with its text and what was decided about it.
func (c *Client) Revision(ctx context.Context, revision string) (apiv1.RevisionShown, error) {
	return get[apiv1.RevisionShown](ctx, c, call{method: "GET", path: at("/revisions/{}", revision)})
}

// RevisionPage writes the page of a revision: the bytes that are displayed and signed.
func (c *Client) RevisionPage(ctx context.Context, revision string, w io.Writer) error {
	return save(ctx, c, w, call{method: "GET", path: at("/revisions/{}/page", revision)})
}

// SaveRevision saves the next version of a text.
func (c *Client) SaveRevision(ctx context.Context, revision string, in apiv1.RevisionEdit) error {
	return act(ctx, c, call{method: "PUT", path: at("/revisions/{}", revision), body: in})
}

// SubmitRevision sends a draft to review.
func (c *Client) SubmitRevision(ctx context.Context, revision string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/revisions/{}/submit", revision), body: in})
}

// SendBackRevision asks for changes.
func (c *Client) SendBackRevision(ctx context.Context, revision string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/revisions/{}/send-back", revision), body: in})
}

// RejectRevision ends a revision that is on its way.
func (c *Client) RejectRevision(ctx context.Context, revision string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/revisions/{}/reject", revision), body: in})
}

// FreezeRevision fixes the content of a revision that everybody reviewed.
func (c *Client) FreezeRevision(ctx context.Context, revision string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/revisions/{}/freeze", revision), body: in})
}

// LogPrint logs that a revision is printed.
func (c *Client) LogPrint(ctx context.Context, revision string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/revisions/{}/prints", revision), body: in})
}

// ReceiveRevision says that one received a revision.
func (c *Client) ReceiveRevision(ctx context.Context, revision string) error {
	return act(ctx, c, call{method: "POST", path: at("/revisions/{}/receive", revision)})
}

// Edits reads every version of a text that was saved.
func (c *Client) Edits(ctx context.Context, revision string) (apiv1.List[apiv1.SavedText], error) {
	return get[apiv1.List[apiv1.SavedText]](ctx, c, call{method: "GET", path: at("/revisions/{}/edits", revision)})
}

// DiffRevisions compares the texts of two revisions.
func (c *Client) DiffRevisions(ctx context.Context, revision, to string) (apiv1.List[apiv1.TextLine], error) {
	return get[apiv1.List[apiv1.TextLine]](ctx, c, call{method: "GET", path: at("/revisions/{}/diff/{}", revision, to)})
}

// Comments reads the comments on a revision, by line.
func (c *Client) Comments(ctx context.Context, revision string) (apiv1.List[apiv1.Comment], error) {
	return get[apiv1.List[apiv1.Comment]](ctx, c, call{method: "GET", path: at("/revisions/{}/comments", revision)})
}

// Comment comments on a line of a text.
func (c *Client) Comment(ctx context.Context, revision string, in apiv1.CommentInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/revisions/{}/comments", revision), body: in})
}

// SettleComment settles a comment.
func (c *Client) SettleComment(ctx context.Context, comment string, in apiv1.SettleInput) error {
	return act(ctx, c, call{method: "POST", path: at("/comments/{}/settle", comment), body: in})
}

// Turns reads what waits for the actor.
func (c *Client) Turns(ctx context.Context) (apiv1.List[apiv1.DocumentTurn], error) {
	return get[apiv1.List[apiv1.DocumentTurn]](ctx, c, call{method: "GET", path: "/me/documents"})
}

// ChangeRequests reads a page of change requests, the newest first.
func (c *Client) ChangeRequests(ctx context.Context, q apiv1.ChangeQuery) (apiv1.Page[apiv1.ChangeRequest], error) {
	return get[apiv1.Page[apiv1.ChangeRequest]](ctx, c, call{method: "GET", path: "/change-requests", query: q})
}

// ChangeRequest reads a change request and what its documents wait for.
func (c *Client) ChangeRequest(ctx context.Context, change string) (apiv1.ChangeRequest, error) {
	return get[apiv1.ChangeRequest](ctx, c, call{method: "GET", path: at("/change-requests/{}", change)})
}

// OpenChangeRequest opens a change request.
func (c *Client) OpenChangeRequest(ctx context.Context, in apiv1.ChangeRequestInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/change-requests", body: in})
}

// EditChangeRequest replaces what a change request says.
func (c *Client) EditChangeRequest(ctx context.Context, change string, in apiv1.ChangeRequestInput) error {
	return act(ctx, c, call{method: "PUT", path: at("/change-requests/{}", change), body: in})
}

// CancelChangeRequest cancels a change request.
func (c *Client) CancelChangeRequest(ctx context.Context, change string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/change-requests/{}/cancel", change), body: in})
}

// Functions reads who holds which function.
func (c *Client) Functions(ctx context.Context) (apiv1.List[apiv1.FunctionHolder], error) {
	return get[apiv1.List[apiv1.FunctionHolder]](ctx, c, call{method: "GET", path: "/functions"})
}

// AssignFunction assigns or delegates a function.
func (c *Client) AssignFunction(ctx context.Context, in apiv1.FunctionInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/functions", body: in})
}

// ReleaseFunction ends the holding or delegation of a function.
func (c *Client) ReleaseFunction(ctx context.Context, holding string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/functions/{}/release", holding), body: in})
}

// Distribute replaces the distribution list of a document.
func (c *Client) Distribute(ctx context.Context, code string, in apiv1.DistributionInput) error {
	return act(ctx, c, call{method: "PUT", path: at("/documents/{}/distribution", code), body: in})
}

// Distribution reads the distribution list of a document.
func (c *Client) Distribution(ctx context.Context, code string) (apiv1.DistributionInput, error) {
	return get[apiv1.DistributionInput](ctx, c, call{method: "GET", path: at("/documents/{}/distribution", code)})
}

// Receipts reads who received a revision.
func (c *Client) Receipts(ctx context.Context, revision string) (apiv1.List[apiv1.DocumentReceipt], error) {
	return get[apiv1.List[apiv1.DocumentReceipt]](ctx, c, call{method: "GET", path: at("/revisions/{}/receipts", revision)})
}

// Prints reads the print log of a document.
func (c *Client) Prints(ctx context.Context, code string) (apiv1.List[apiv1.PrintLine], error) {
	return get[apiv1.List[apiv1.PrintLine]](ctx, c, call{method: "GET", path: at("/documents/{}/prints", code)})
}

// Copies reads the numbered copies of a document.
func (c *Client) Copies(ctx context.Context, code string) (apiv1.List[apiv1.ControlledCopy], error) {
	return get[apiv1.List[apiv1.ControlledCopy]](ctx, c, call{method: "GET", path: at("/documents/{}/copies", code)})
}

// IssueCopy gives out a numbered copy.
func (c *Client) IssueCopy(ctx context.Context, revision string, in apiv1.CopyInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/revisions/{}/copies", revision), body: in})
}

// RecallCopy asks for a copy back.
func (c *Client) RecallCopy(ctx context.Context, copyID string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/copies/{}/recall", copyID), body: in})
}

// ConfirmCopy confirms that a recalled copy came back.
func (c *Client) ConfirmCopy(ctx context.Context, copyID string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/copies/{}/confirm", copyID), body: in})
}

// Deviations reads the deviations and waivers from a document.
func (c *Client) Deviations(ctx context.Context, code string) (apiv1.List[apiv1.Deviation], error) {
	return get[apiv1.List[apiv1.Deviation]](ctx, c, call{method: "GET", path: at("/documents/{}/deviations", code)})
}

// EndDeviation ends a deviation before its time.
func (c *Client) EndDeviation(ctx context.Context, deviation string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/deviations/{}/end", deviation), body: in})
}

// LiftCaution takes a caution from its document.
func (c *Client) LiftCaution(ctx context.Context, caution string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/cautions/{}/lift", caution), body: in})
}

// DocumentReviews reads the periodic reviews of a document.
func (c *Client) DocumentReviews(ctx context.Context, code string) (apiv1.List[apiv1.DocumentReview], error) {
	return get[apiv1.List[apiv1.DocumentReview]](ctx, c, call{method: "GET", path: at("/documents/{}/reviews", code)})
}

// Holds reads the legal holds of a document.
func (c *Client) Holds(ctx context.Context, code string) (apiv1.List[apiv1.LegalHold], error) {
	return get[apiv1.List[apiv1.LegalHold]](ctx, c, call{method: "GET", path: at("/documents/{}/holds", code)})
}

// PutHold puts a document on legal hold.
func (c *Client) PutHold(ctx context.Context, code string, in apiv1.Reason) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: at("/documents/{}/holds", code), body: in})
}

// ReleaseHold releases a legal hold.
func (c *Client) ReleaseHold(ctx context.Context, hold string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/holds/{}/release", hold), body: in})
}

// Kits reads the sets of documents that come with Triward.
func (c *Client) Kits(ctx context.Context) (apiv1.List[apiv1.Kit], error) {
	return get[apiv1.List[apiv1.Kit]](ctx, c, call{method: "GET", path: "/kits"})
}

// InstallKit adds the documents of a kit that are not there yet.
func (c *Client) InstallKit(ctx context.Context, kit string, in apiv1.KitInput) (apiv1.KitInstalled, error) {
	return get[apiv1.KitInstalled](ctx, c, call{method: "POST", path: at("/kits/{}", kit), body: in})
}

// DocumentSettings reads the settings of document control.
func (c *Client) DocumentSettings(ctx context.Context) (apiv1.DocumentSettings, error) {
	return get[apiv1.DocumentSettings](ctx, c, call{method: "GET", path: "/document-settings"})
}

// ChangeDocumentSetting changes one setting of document control.
func (c *Client) ChangeDocumentSetting(ctx context.Context, in apiv1.SettingInput) error {
	return act(ctx, c, call{method: "PUT", path: "/document-settings", body: in})
}

// UploadDocument adds a document that is a file, and answers with its revision.
func (c *Client) UploadDocument(ctx context.Context, q apiv1.UploadedDocument, content io.Reader) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/document-uploads", query: q, body: file{content}})
}

// ReplaceFile puts another file in the place of that of a revision.
func (c *Client) ReplaceFile(ctx context.Context, revision string, q apiv1.ReplacedFile, content io.Reader) error {
	return act(ctx, c, call{method: "POST", path: at("/revisions/{}/file", revision), query: q, body: file{content}})
}
