"""The network of the FND paper: the teacher, and the students XS, S and M.

Kim et al., *False Negative Distillation and Contrastive Learning for Personalized Outfit Recommendation*
(2021, https://arxiv.org/abs/2110.06483), Sections 3.1, 4.1.4 and 4.7. The four differ in their backbone
alone.
"""

from __future__ import annotations

import math

from torch import Tensor, nn

from ..backbone_model import BackboneModel
from ..backbones import Backbone, create_backbone
from ..options import ModelOptions
from ..registry import register_model
from ..set_transformer import SetTransformer
from ..vectors import cosines, unit

__all__ = ["PaperNetwork", "student_m", "student_s", "student_xs", "teacher"]


class PaperNetwork(BackboneModel):
    """Backbone and head, set transformer, and the cosine between the outfit and its user (Eq. 9).

    Users start as random vectors of length about 1: the cosine does not see the length, but its gradient
    shrinks with it, so PyTorch's √d would hold the users back.

    Args:
        backbone: Items to vectors of width D.
        num_users: U.
        feature_size: d.
        heads: Of the set transformer.
    """

    def __init__(self, backbone: Backbone, num_users: int, feature_size: int = 128, heads: int = 8) -> None:
        super().__init__(backbone, num_users, feature_size)
        self.set_transformer = SetTransformer(feature_size, heads)
        self.users = nn.Embedding(num_users, feature_size)
        nn.init.normal_(self.users.weight, std=1 / math.sqrt(feature_size))

    def embed_outfits(self, features: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.embed_outfits`: the vectors o_j (Eqs. 6–8)."""
        return self.set_transformer(features, categories < 0)

    def score(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.score`; in [−1, 1]."""
        return (unit(self.users(users)) * unit(self.embed_outfits(features, categories))).sum(-1)

    def score_users(self, users: Tensor, features: Tensor, categories: Tensor, bank: Tensor) -> Tensor:
        """See `OutfitModel.score_users`; each outfit is embedded once."""
        return self.score(users, features, categories)

    def score_matrix(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        """See `OutfitModel.score_matrix`; each outfit is embedded once."""
        return cosines(self.users(users), self.embed_outfits(features, categories))

    def user_vectors(self) -> Tensor:
        """See `OutfitModel.user_vectors`."""
        return self.users.weight

    def tastes(self, users: Tensor) -> Tensor:
        """See `OutfitModel.tastes`: the users' directions."""
        return unit(self.users(users))


@register_model("teacher")
def teacher(options: ModelOptions) -> PaperNetwork:
    """The FND paper's teacher: AlexNet-large under its set transformer and users."""
    return PaperNetwork(create_backbone(options, "alexnet-large"), options.num_users)


@register_model("student-xs")
def student_xs(options: ModelOptions) -> PaperNetwork:
    """The FND paper's smallest student: AlexNet-small, without fully connected layers."""
    return PaperNetwork(create_backbone(options, "alexnet-small"), options.num_users)


@register_model("student-s")
def student_s(options: ModelOptions) -> PaperNetwork:
    """The FND paper's student S: AlexNet with its fully connected layers at a quarter of their width."""
    return PaperNetwork(create_backbone(options, "alexnet-s"), options.num_users)


@register_model("student-m")
def student_m(options: ModelOptions) -> PaperNetwork:
    """The FND paper's student M: AlexNet with its fully connected layers at half of their width."""
    return PaperNetwork(create_backbone(options, "alexnet-m"), options.num_users)
