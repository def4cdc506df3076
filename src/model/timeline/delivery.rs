//! How far an own message came: reports in any order give the same answer.

use crate::entity::message::Delivery;

/// Takes a report on; false if it says nothing new. A message never goes back, except that what was refused may be
/// sent again.
pub fn advance(current: &mut Delivery, report: &Delivery) -> bool {
    let again = matches!(
        (&*current, report),
        (
            Delivery::Failed(_) | Delivery::Delayed(_),
            Delivery::Sending
        )
    );
    if again || rank(report) > rank(current) {
        current.clone_from(report);
        return true;
    }
    false
}

fn rank(delivery: &Delivery) -> u8 {
    match delivery {
        Delivery::Sending => 0,
        Delivery::Sent => 1,
        // An error can come after the server took the message, but not from a device that has it.
        Delivery::Delayed(_) => 2,
        Delivery::Failed(_) => 3,
        Delivery::Delivered => 4,
        Delivery::Read => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::problem::Problem;

    #[test]
    fn a_late_report_takes_nothing_back() {
        let mut delivery = Delivery::Sending;
        assert!(advance(&mut delivery, &Delivery::Delivered));
        assert!(!advance(&mut delivery, &Delivery::Sent));
        assert!(!advance(
            &mut delivery,
            &Delivery::Failed(Problem::NoSuchContact)
        ));
        assert_eq!(delivery, Delivery::Delivered);
    }

    #[test]
    fn what_failed_can_be_sent_again() {
        let mut delivery = Delivery::Failed(Problem::NoSuchContact);
        assert!(advance(&mut delivery, &Delivery::Sending));
        assert_eq!(delivery, Delivery::Sending);
        let mut delivery = Delivery::Sent;
        assert!(!advance(&mut delivery, &Delivery::Sending));
        assert!(advance(
            &mut delivery,
            &Delivery::Delayed(Problem::ServerFull)
        ));
        assert!(advance(&mut delivery, &Delivery::Sending));
        assert!(advance(&mut delivery, &Delivery::Sent));
    }
}
