package client

import (
	"context"
	"io"

	"triward/apiv1"
)

// Runs reads a page of runs, the newest first.
func (c *Client) Runs(ctx context.Context, q apiv1.RunQuery) (apiv1.Page[apiv1.Run], error) {
	return get[apiv1.Page[apiv1.Run]](ctx, c, call{method: "GET", path: "/runs", query: q})
}

// StartRun starts a procedure; its revision in force is pinned.
func (c *Client) StartRun(ctx context.Context, in apiv1.RunInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/runs", body: in})
}

// Run reads a run with its steps, notes and files.
func (c *Client) Run(ctx context.Context, run string) (apiv1.RunShown, error) {
	return get[apiv1.RunShown](ctx, c, call{method: "GET", path: at("/runs/{}", run)})
}

// DoStep settles a step as done.
func (c *Client) DoStep(ctx context.Context, run, step string, in apiv1.StepAct) error {
	return act(ctx, c, call{method: "POST", path: at("/runs/{}/steps/{}/done", run, step), body: in})
}

// SkipStep skips a step: a deviation.
func (c *Client) SkipStep(ctx context.Context, run, step string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/runs/{}/steps/{}/skip", run, step), body: in})
}

// StepNotNeeded says that the condition of a step does not hold.
func (c *Client) StepNotNeeded(ctx context.Context, run, step string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/runs/{}/steps/{}/not-needed", run, step), body: in})
}

// AddStep adds a step that was taken and that the document does not have.
func (c *Client) AddStep(ctx context.Context, run string, in apiv1.StepExtra) error {
	return act(ctx, c, call{method: "POST", path: at("/runs/{}/steps", run), body: in})
}

// NoteRun adds a note to a run.
func (c *Client) NoteRun(ctx context.Context, run string, in apiv1.RunNote) error {
	return act(ctx, c, call{method: "POST", path: at("/runs/{}/notes", run), body: in})
}

// HandOverRun lets somebody else answer for a run.
func (c *Client) HandOverRun(ctx context.Context, run string, in apiv1.HandOver) error {
	return act(ctx, c, call{method: "POST", path: at("/runs/{}/hand-over", run), body: in})
}

// PauseRun pauses a run.
func (c *Client) PauseRun(ctx context.Context, run string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/runs/{}/pause", run), body: in})
}

// ResumeRun lets a paused run go on.
func (c *Client) ResumeRun(ctx context.Context, run string) error {
	return act(ctx, c, call{method: "POST", path: at("/runs/{}/resume", run)})
}

// MigrateRun lets an open run follow the revision in force.
func (c *Client) MigrateRun(ctx context.Context, run string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/runs/{}/migrate", run), body: in})
}

// FinishRun finishes a run.
func (c *Client) FinishRun(ctx context.Context, run string, in apiv1.Outcome) error {
	return act(ctx, c, call{method: "POST", path: at("/runs/{}/finish", run), body: in})
}

// AbortRun aborts a run.
func (c *Client) AbortRun(ctx context.Context, run string, in apiv1.Outcome) error {
	return act(ctx, c, call{method: "POST", path: at("/runs/{}/abort", run), body: in})
}

// DefeatStep marks a step as wrong; the answer lists what relies on it.
func (c *Client) DefeatStep(ctx context.Context, run, step string, in apiv1.DefeatInput) (apiv1.Defeat, error) {
	return get[apiv1.Defeat](ctx, c, call{method: "POST", path: at("/runs/{}/steps/{}/wrong", run, step), body: in})
}

// Reliance reads what relies on a document or on one of its steps.
func (c *Client) Reliance(ctx context.Context, code string, q apiv1.RelianceQuery) (apiv1.List[apiv1.Reliance], error) {
	return get[apiv1.List[apiv1.Reliance]](ctx, c, call{method: "GET", path: at("/documents/{}/reliance", code), query: q})
}

// Defeats reads the steps of a document that proved wrong.
func (c *Client) Defeats(ctx context.Context, code string) (apiv1.List[apiv1.Defeat], error) {
	return get[apiv1.List[apiv1.Defeat]](ctx, c, call{method: "GET", path: at("/documents/{}/defeats", code)})
}

// StepDeviations reads the steps of a document that were not done as written.
func (c *Client) StepDeviations(ctx context.Context, code string) (apiv1.List[apiv1.StepDeviation], error) {
	return get[apiv1.List[apiv1.StepDeviation]](ctx, c, call{method: "GET", path: at("/documents/{}/step-deviations", code)})
}

// RunProposal reads the text that a run suggests for the next revision.
func (c *Client) RunProposal(ctx context.Context, run string) (apiv1.RunProposal, error) {
	return get[apiv1.RunProposal](ctx, c, call{method: "GET", path: at("/runs/{}/proposal", run)})
}

// Trainings reads a page of trainings, the newest first.
func (c *Client) Trainings(ctx context.Context, q apiv1.TrainingQuery) (apiv1.Page[apiv1.Training], error) {
	return get[apiv1.Page[apiv1.Training]](ctx, c, call{method: "GET", path: "/training", query: q})
}

// Training reads one training.
func (c *Client) Training(ctx context.Context, training string) (apiv1.Training, error) {
	return get[apiv1.Training](ctx, c, call{method: "GET", path: at("/training/{}", training)})
}

// MyTraining reads what one has to learn.
func (c *Client) MyTraining(ctx context.Context) (apiv1.List[apiv1.Training], error) {
	return get[apiv1.List[apiv1.Training]](ctx, c, call{method: "GET", path: "/me/training"})
}

// AssignTraining asks one person to know a document.
func (c *Client) AssignTraining(ctx context.Context, in apiv1.TrainingInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/training", body: in})
}

// ExcuseTraining excuses somebody from a training.
func (c *Client) ExcuseTraining(ctx context.Context, training string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/training/{}/excuse", training), body: in})
}

// UnlockTraining allows another round of tries at a quiz.
func (c *Client) UnlockTraining(ctx context.Context, training string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/training/{}/unlock", training), body: in})
}

// TrainingStatements writes attempts and completed trainings as xAPI statements.
func (c *Client) TrainingStatements(ctx context.Context, q apiv1.TrainingQuery, w io.Writer) error {
	return save(ctx, c, w, call{method: "GET", path: "/training-statements", query: q})
}

// TrainingMatrix reads who is trained in what.
func (c *Client) TrainingMatrix(ctx context.Context, q apiv1.MatrixQuery) (apiv1.List[apiv1.MatrixCell], error) {
	return get[apiv1.List[apiv1.MatrixCell]](ctx, c, call{method: "GET", path: "/training-matrix", query: q})
}

// TrainingNeeds reads which functions must know which revisions.
func (c *Client) TrainingNeeds(ctx context.Context, q apiv1.NeedQuery) (apiv1.List[apiv1.TrainingNeed], error) {
	return get[apiv1.List[apiv1.TrainingNeed]](ctx, c, call{method: "GET", path: "/training-needs", query: q})
}

// Curricula reads what the holders of functions must know together.
func (c *Client) Curricula(ctx context.Context) (apiv1.List[apiv1.Curriculum], error) {
	return get[apiv1.List[apiv1.Curriculum]](ctx, c, call{method: "GET", path: "/curricula"})
}

// TrainingRules reads the rules that hold.
func (c *Client) TrainingRules(ctx context.Context) (apiv1.List[apiv1.TrainingRule], error) {
	return get[apiv1.List[apiv1.TrainingRule]](ctx, c, call{method: "GET", path: "/training-rules"})
}

// AddTrainingRule says that the holders of a function must know a document.
func (c *Client) AddTrainingRule(ctx context.Context, in apiv1.TrainingRuleInput) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/training-rules", body: in})
}

// EndTrainingRule ends a rule.
func (c *Client) EndTrainingRule(ctx context.Context, rule string, in apiv1.Reason) error {
	return act(ctx, c, call{method: "POST", path: at("/training-rules/{}/end", rule), body: in})
}

// TrainingPolicy reads what missing training does.
func (c *Client) TrainingPolicy(ctx context.Context) (apiv1.TrainingPolicy, error) {
	return get[apiv1.TrainingPolicy](ctx, c, call{method: "GET", path: "/training-policy"})
}

// ChangeTrainingPolicy chooses what missing training does.
func (c *Client) ChangeTrainingPolicy(ctx context.Context, in apiv1.TrainingPolicyInput) error {
	return act(ctx, c, call{method: "PUT", path: "/training-policy", body: in})
}

// TrainingEffect reads what is known about the effect of training on a revision.
func (c *Client) TrainingEffect(ctx context.Context, revision string) (apiv1.TrainingEffect, error) {
	return get[apiv1.TrainingEffect](ctx, c, call{method: "GET", path: at("/revisions/{}/training-effect", revision)})
}

// TrainingChecks reads the checks of whether training on a document works.
func (c *Client) TrainingChecks(ctx context.Context, code string) (apiv1.List[apiv1.TrainingCheck], error) {
	return get[apiv1.List[apiv1.TrainingCheck]](ctx, c, call{method: "GET", path: at("/documents/{}/training-checks", code)})
}

// AttachRunFile adds a file to a run or to one of its steps.
func (c *Client) AttachRunFile(ctx context.Context, run string, q apiv1.RunAttachment, content io.Reader) error {
	return act(ctx, c, call{method: "POST", path: at("/runs/{}/files", run), query: q, body: file{content}})
}

// DoStepWithFile settles a step as done with a file as its evidence.
func (c *Client) DoStepWithFile(ctx context.Context, run, step string, q apiv1.StepEvidence, content io.Reader) error {
	return act(ctx, c, call{method: "POST", path: at("/runs/{}/steps/{}/file", run, step), query: q, body: file{content}})
}

// RunFile writes a file of a run.
func (c *Client) RunFile(ctx context.Context, run, item string, w io.Writer) error {
	return save(ctx, c, w, call{method: "GET", path: at("/runs/{}/files/{}", run, item)})
}
