//! `[[blocklist]]`: entries of the built-in blocklist that a policy switches off, each by its id and with a reason.

use crate::diagnostic::{Code, Diagnostic};

use super::{
    blocklist::blocklist,
    findings::{Findings, Spanned},
    reader::Reader,
    similar::closest,
};

/// One entry that is switched off.
#[derive(Clone, Debug)]
pub(super) struct RawSwitch {
    pub(super) off: Spanned<String>,
    pub(super) reason: String,
}

impl RawSwitch {
    /// Reads one `[[blocklist]]`. What is wrong with it is in the findings.
    pub(super) fn read(mut table: Reader<'_, '_>) -> Option<Self> {
        for (key, why) in [("off", "name the entry by its id"), ("reason", "say why it has to be off")] {
            if !table.holds(key) {
                table.missing(key, why);
            }
        }
        let is_entry = |off: &Spanned<String>| blocklist().any(|entry| entry.id == off.value);
        let off = table.text("off");
        let reason = table.text("reason");
        if let Some(off) = off.as_ref().filter(|off| !is_entry(off)) {
            let message = format!("the built-in blocklist has no entry `{}`", off.value.escape_debug());
            let hint = match closest(&off.value, blocklist().map(|entry| entry.id)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`stockade policy show builtin` lists the entries".to_owned(),
            };
            table.findings().error_with_hint(Code::BadValue, off, message, "not an id of an entry", hint);
        }
        if let Some(reason) = reason.as_ref().filter(|reason| reason.value.trim().is_empty()) {
            let label = "whoever reads the policy has to learn why";
            table.findings().error(Code::BadValue, reason, "`reason` is empty", label);
        }
        table.finish();
        let said = |reason: &Spanned<String>| !reason.value.trim().is_empty();
        Some(Self { off: off.filter(is_entry)?, reason: reason.filter(said)?.value })
    }
}

/// Says which entries are off, and that those of a base are not.
pub(super) fn report(own: &[RawSwitch], of_base: &[RawSwitch], findings: &mut Findings) {
    for switch in own {
        let message = format!("the blocklist's entry `{}` is switched off", switch.off.value.escape_debug());
        let finding = Diagnostic::warning(Code::BlocklistOff, message)
            .at(switch.off.span, format!("because: {}", switch.reason.escape_debug()))
            .with_hint("what it refuses is left to the rules and to the sandbox");
        findings.add(switch.off.file, finding);
    }
    for switch in of_base {
        let message = format!("the blocklist's entry `{}` stays on", switch.off.value.escape_debug());
        let finding = Diagnostic::warning(Code::BlocklistOff, message)
            .at(switch.off.span, "only the outermost file switches entries off")
            .with_hint("write it in the file that extends this one, if it is meant");
        findings.add(switch.off.file, finding);
    }
}
