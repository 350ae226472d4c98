// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/group_section.h"

#include <QCheckBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/dialogs/cut_dialog.h"
#include "ui/document/channel_jobs.h"
#include "ui/document/workbench.h"
#include "ui/models/layer_model.h"
#include "ui/panels/channel_budget.h"
#include "ui/style/counted.h"
#include "ui/style/theme.h"
#include "ui/style/words.h"

namespace espalier::ui {

namespace {

constexpr std::size_t kListed = 6;  // members; the tooltip has them all

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

QString sentence(const QString& text) {
    return text.isEmpty() ? text : text.at(0).toUpper() + text.mid(1);
}

// A name that is not broken at its dots.
QString whole(QString name) {
    return name.replace(u'.', QStringLiteral(".\u2060"));
}

// Where the layers meet; how many there are stands above it.
QString reasonOf(const channels::Group& group) {
    const QString reason = text(group.reason);
    const qsizetype colon = reason.indexOf(QLatin1String(": "));
    const bool isCount = reason.contains(QLatin1String("move together"));
    return sentence(isCount && colon > 0 ? reason.mid(colon + 2) : reason);
}

// Names that select their layer when they are clicked.
QString linksTo(const std::vector<model::LayerId>& layers, const model::Snapshot& snapshot,
                std::size_t most) {
    QStringList links;
    for (const model::LayerId id : layers) {
        if (links.size() == static_cast<qsizetype>(most)) {
            links << GroupSection::tr("%1 more").arg(layers.size() - most);
            break;
        }
        links << QStringLiteral("<a href=\"%1\">%2</a>")
                     .arg(id.value)
                     .arg(whole(displayName(snapshot.layer(id))).toHtmlEscaped());
    }
    return links.join(QStringLiteral(", "));
}

}  // namespace

GroupSection::GroupSection(Workbench* workbench, QWidget* parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_document(workbench->document()),
      m_channels(workbench->document()->channels()),
      m_headline(new QLabel(this)),
      m_members(new QLabel(this)),
      m_reason(new QLabel(this)),
      m_inexact(new QCheckBox(tr("Allow inexact groups"), this)),
      m_budget(new ChannelBudget(workbench->document(), this)),
      m_lock(new QCheckBox(tr("Lock this group"), this)),
      m_reset(new QPushButton(tr("Keep all channels"), this)),
      m_prove(new QPushButton(tr("Prove"), this)),
      m_proof(new QLabel(this)) {
    setObjectName(QStringLiteral("groupSection"));
    build();
    connect(m_members, &QLabel::linkActivated, this, &GroupSection::follow);
    connect(m_inexact, &QCheckBox::clicked, m_channels, &Channels::setInexactAllowed);
    connect(m_lock, &QCheckBox::clicked, this, [this](bool locked) {
        if (m_group) m_channels->setLocked(*m_group, locked);
    });
    connect(m_reset, &QPushButton::clicked, this, [this] {
        if (m_group) m_channels->keepAll(*m_group);
    });
    connect(m_prove, &QPushButton::clicked, this, [this] {
        if (!m_group) return;
        m_prove->setEnabled(false);
        m_workbench->channelJobs()->prove(*m_group);
    });
    connect(m_channels, &Channels::proofChanged, this, &GroupSection::refresh);
    connect(m_channels, &Channels::groupsChanged, this, &GroupSection::refresh);
    connect(m_channels, &Channels::scoresChanged, this, &GroupSection::refresh);
    connect(m_channels, &Channels::choiceChanged, this, &GroupSection::refresh);
    refresh();
}

void GroupSection::build() {
    m_headline->setObjectName(QStringLiteral("groupHeadline"));
    m_headline->setWordWrap(true);
    m_members->setObjectName(QStringLiteral("groupMembers"));
    m_members->setWordWrap(true);
    m_members->setTextFormat(Qt::RichText);
    m_members->setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
    m_members->setAccessibleName(tr("Members of the group"));
    m_members->setAccessibleDescription(
        tr("Weights that lose the same channels; a link selects the layer"));
    m_reason->setObjectName(QStringLiteral("groupReason"));
    m_reason->setWordWrap(true);
    m_reason->setFont(style::font(style::FontSize::Small));
    m_inexact->setObjectName(QStringLiteral("groupInexact"));
    m_inexact->setToolTip(
        tr("Inexact: statistics such as a layer norm's then run over fewer channels, so the cut "
           "model computes something else than the model with zeros. Fine-tune afterwards."));
    m_lock->setObjectName(QStringLiteral("groupLock"));
    m_lock->setToolTip(tr("A locked group keeps all its channels, whatever its rule says"));
    m_reset->setObjectName(QStringLiteral("groupReset"));
    m_reset->setToolTip(tr("Takes the rule and the marks of this group away"));
    m_prove->setObjectName(QStringLiteral("groupProve"));
    m_prove->setToolTip(
        tr("Cuts this group alone and compares the result with the masked model on random inputs. "
           "Nothing is changed; exporting a cut model proves all groups together."));
    m_proof->setObjectName(QStringLiteral("groupProof"));
    m_proof->setAccessibleName(tr("Proof of this group"));
    m_proof->setWordWrap(true);
    m_proof->setFont(style::font(style::FontSize::Small));

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(style::kSpaceRelated);
    for (QWidget* part :
         std::initializer_list<QWidget*>{m_headline, m_members, m_reason, m_inexact, m_budget})
        layout->addWidget(part);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_lock, 1);
    buttons->addWidget(m_reset);
    layout->addLayout(buttons);
    auto* proof = new QHBoxLayout;
    proof->addWidget(m_proof, 1);
    proof->addWidget(m_prove, 0, Qt::AlignTop);
    layout->addLayout(proof);
}

// Links are laid out in the colour of their time.
void GroupSection::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() != QEvent::PaletteChange) return;
    m_members->clear();
    refresh();
}

void GroupSection::refresh() {
    const model::LayerId layer = m_document->selection();
    if (!m_document->hasModel() || !layer.isValid()) return showNothing({});
    if (const Error* error = m_channels->error())
        return showNothing(style::withoutOptions(text(error->text())));
    if (!m_channels->found()) return showNothing(tr("Finding groups…"));
    if (const auto id = m_channels->groupOf(layer)) return showGroup(*id);
    const std::string why =
        m_channels->found()->groups->whyNot(m_document->snapshot()->layer(layer).name);
    showNothing(why.empty() ? tr("This layer has no channels of its own.")
                            : tr("No channel can go: %1").arg(text(why)));
}

void GroupSection::showNothing(const QString& reason) {
    m_group.reset();
    m_headline->setText(reason);
    for (QWidget* part : std::initializer_list<QWidget*>{m_members, m_reason, m_inexact, m_budget,
                                                         m_lock, m_reset, m_prove, m_proof})
        part->hide();
}

void GroupSection::showGroup(channels::GroupId id) {
    m_group = id;
    const FoundGroups& found = *m_channels->found();
    const channels::Group& group = m_channels->group(id);
    const QString letter = found.letters[id.index()];
    m_headline->setText(letter.isEmpty() ? sentence(headline(found, id))
                                         : tr("Group %1: %2").arg(letter, headline(found, id)));
    m_members->setText(membersText(id));
    m_members->show();
    // Alone and exact: there is nothing to explain.
    const bool isPlain = group.exact && !group.locked && producersOf(found, id).size() <= 1;
    QString reason = isPlain ? QString() : reasonOf(group);
    if (!group.exact && !group.locked) reason = tr("Inexact. %1").arg(reason);
    m_reason->setText(reason);
    m_reason->setVisible(!reason.isEmpty());
    m_inexact->setVisible(!group.exact && !group.locked);
    m_inexact->setChecked(m_channels->isInexactAllowed());
    m_budget->setVisible(!group.locked);
    m_lock->setVisible(!group.locked);
    m_reset->setVisible(!group.locked);
    m_lock->setChecked(m_channels->isLocked(id));
    m_reset->setEnabled(m_channels->rule(id) || !m_channels->marks(id).isEmpty());
    m_prove->setVisible(!group.locked);
    m_proof->setVisible(!group.locked);
    if (group.locked) return;
    m_budget->refresh(id);
    showProof(id);
}

void GroupSection::showProof(channels::GroupId id) {
    m_prove->setEnabled(m_channels->group(id).width > 1);
    const Result<GroupProof>* known = m_channels->proof(id);
    if (!known) {
        m_proof->setText(tr("Not proved on its own yet"));
    } else if (!known->ok()) {
        m_proof->setText(style::withoutOptions(text(known->error().text())));
    } else {
        const GroupProof& proof = known->value();
        const QString with = style::counted(m_channels->group(id).width, tr("%1 of %2 channel"),
                                            tr("%1 of %2 channels"))
                                 .arg(proof.kept)
                                 .arg(m_channels->group(id).width);
        m_proof->setText(proof.proof.isVacuous
                             ? tr("Not proved with %1: %2").arg(with, proofText(proof.proof))
                             : tr("Proved with %1: %2").arg(with, proofText(proof.proof)));
    }
    m_proof->setToolTip(m_proof->text());
}

QString GroupSection::membersText(channels::GroupId id) const {
    const FoundGroups& found = *m_channels->found();
    const model::Snapshot& snapshot = *m_document->snapshot();
    const auto producers = producersOf(found, id);
    const auto readers = readersOf(found, id);
    QString members = tr("Computed by %1").arg(linksTo(producers, snapshot, kListed));
    if (!readers.empty()) members += tr("; read by %1").arg(linksTo(readers, snapshot, kListed));
    return members;
}

void GroupSection::follow(const QString& link) {
    bool isNumber = false;
    const int layer = link.toInt(&isNumber);
    if (isNumber) m_document->select(model::LayerId{layer});
}

}  // namespace espalier::ui
