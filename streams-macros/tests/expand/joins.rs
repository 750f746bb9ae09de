topology!(
    /// One join of each kind.
    pub fn joins() -> Topology {
        let people = table(People).filter(|_, person| person.active);
        let cities = table(Cities);
        let located = people.join(cities, |person| person.city.clone(), |p, c| (p, c), "located");
        let scores = table(Scores).left_join(located, |score, place| (score, place));
        let clicks = stream(Clicks).select_key(|_, click| click.user.clone());
        let views = stream(Views);
        clicks.left_join(views, |click, view| (click, view), within).to(Pairs);
        clicks.join(scores, |user, click, score| rate(user, click, score)).to(Rated);
        clicks.join(global_table(Pages), |_, click| click.page, |click, page| (click, page)).to(Named);
    }
);
